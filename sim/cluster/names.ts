/**
 * What Kubernetes accepts as names, label keys and label values. Each function returns `undefined` for a good one,
 * else the sentence that Kubernetes says about a bad one.
 */

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/
const LABEL_1035 = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/
const QUALIFIED = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const PORT_NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/

/** RFC 1123 label: names of namespaces, containers, ports of services. */
export function dnsLabelFault(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 characters'
  if (LABEL.test(value)) return undefined
  return (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " +
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
  )
}

/** RFC 1035 label: names of services. */
export function dns1035LabelFault(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 characters'
  if (LABEL_1035.test(value)) return undefined
  return (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and " +
    "end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is " +
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
  )
}

/** RFC 1123 subdomain: names of everything else. */
export function dnsSubdomainFault(value: string): string | undefined {
  if (value.length > 253) return 'must be no more than 253 characters'
  if (SUBDOMAIN.test(value)) return undefined
  return (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
  )
}

/** `prefix/name` or `name`: keys of labels and annotations, taint keys, finalizers. */
export function qualifiedNameFault(value: string): string | undefined {
  const slash = value.indexOf('/')
  const name = value.slice(slash + 1)
  if (slash >= 0) {
    const prefix = value.slice(0, slash)
    if (prefix === '') return 'prefix part must be non-empty'
    const fault = dnsSubdomainFault(prefix)
    if (fault !== undefined) return `prefix part ${fault}`
  }
  if (name === '') return 'name part must be non-empty'
  if (name.length > 63) return 'name part must be no more than 63 characters'
  if (QUALIFIED.test(name)) return undefined
  return (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is " +
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
  )
}

export function labelValueFault(value: string): string | undefined {
  if (value === '') return undefined
  if (value.length > 63) return 'must be no more than 63 characters'
  if (QUALIFIED.test(value)) return undefined
  return (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end " +
    "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
  )
}

/** Names of container ports. */
export function portNameFault(value: string): string | undefined {
  if (value.length > 15) return 'must be no more than 15 characters'
  if (!/[a-z]/.test(value)) return 'must contain at least one letter (a-z)'
  if (!PORT_NAME.test(value)) return 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'
  return undefined
}

/** A quantity: `100m`, `1.5Gi`, `2e3`. */
export function isQuantity(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'string' && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/.test(value)
}
