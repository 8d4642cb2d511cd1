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

/** Whatever fits into one segment of a URL's path: names of roles, of kinds, of metrics. */
export function pathSegmentFault(value: string): string | undefined {
  if (value === '.' || value === '..') return `may not be '${value}'`
  const bad = ['/', '%'].find(character => value.includes(character))
  return bad === undefined ? undefined : `may not contain '${bad}'`
}

/** Keys of config maps and secrets. */
export function configKeyFault(value: string): string | undefined {
  if (value.length > 253) return 'must be no more than 253 characters'
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) {
    return (
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or " +
      "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
    )
  }
  return parentFault(value)
}

/** Names of environment variables. */
export function envNameFault(value: string): string | undefined {
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(value)
    ? undefined
    : "a valid environment variable name must consist only of printable ASCII characters other than '='"
}

/** Hosts of ingresses that stand for all of a domain: `*.example.com`. */
export function wildcardSubdomainFault(value: string): string | undefined {
  if (value.length > 253) return 'must be no more than 253 characters'
  if (value.startsWith('*.') && SUBDOMAIN.test(value.slice(2))) return undefined
  return (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower " +
    "case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for " +
    "validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
  )
}

/** A key that names this folder or the one above. */
function parentFault(value: string): string | undefined {
  if (value === '.') return "must not be '.'"
  if (value === '..') return "must not be '..'"
  return value.startsWith('..') ? "must not start with '..'" : undefined
}
