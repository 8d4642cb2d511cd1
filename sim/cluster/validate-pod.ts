import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import type { FieldErrors } from './field-errors.ts'
import { dnsLabelFault, dnsSubdomainFault, isQuantity, portNameFault, qualifiedNameFault } from './names.ts'

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function validatePodSpec(path: string, spec: PodSpec | undefined, errors: FieldErrors): void {
  if (spec?.containers === undefined || spec.containers.length === 0) {
    errors.required(`${path}.containers`)
  }
  if (spec === undefined) return
  const names = new Set<string>()
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [i, container] of (spec[list] ?? []).entries()) {
      validateContainer(`${path}.${list}[${i}]`, container, names, errors)
    }
  }
  if (!RESTART_POLICIES.includes(spec.restartPolicy ?? '')) {
    errors.notSupported(`${path}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES)
  }
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    errors.invalid(
      `${path}.terminationGracePeriodSeconds`,
      spec.terminationGracePeriodSeconds,
      'must be greater than or equal to 0',
    )
  }
  if (spec.nodeName !== undefined && spec.nodeName !== '')
    errors.check(`${path}.nodeName`, spec.nodeName, dnsSubdomainFault)
  for (const [i, toleration] of (spec.tolerations ?? []).entries()) {
    const at = `${path}.tolerations[${i}]`
    if (toleration.key !== undefined && toleration.key !== '')
      errors.check(`${at}.key`, toleration.key, qualifiedNameFault)
    else if (toleration.operator !== 'Exists') {
      errors.invalid(
        `${at}.operator`,
        toleration.operator ?? '',
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      )
    }
    if (toleration.effect !== undefined && toleration.effect !== '' && !TAINT_EFFECTS.includes(toleration.effect)) {
      errors.notSupported(`${at}.effect`, toleration.effect, TAINT_EFFECTS)
    }
    if (toleration.tolerationSeconds !== undefined && toleration.effect !== 'NoExecute') {
      errors.invalid(
        `${at}.effect`,
        toleration.effect ?? '',
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      )
    }
  }
  const volumes = new Set<string>()
  for (const [i, { name }] of (spec.volumes ?? []).entries()) {
    checkName(`${path}.volumes[${i}].name`, name, volumes, errors)
  }
}

function validateContainer(path: string, container: Container, names: Set<string>, errors: FieldErrors): void {
  checkName(`${path}.name`, container.name, names, errors)
  if (container.image === undefined || container.image === '') errors.required(`${path}.image`)
  if (!PULL_POLICIES.includes(container.imagePullPolicy ?? '')) {
    errors.notSupported(`${path}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES)
  }
  const portNames = new Set<string>()
  for (const [i, port] of (container.ports ?? []).entries()) {
    const at = `${path}.ports[${i}]`
    if (port.name !== undefined && port.name !== '') {
      errors.check(`${at}.name`, port.name, portNameFault)
      if (portNames.has(port.name)) errors.duplicate(`${at}.name`, port.name)
      portNames.add(port.name)
    }
    if (port.containerPort === undefined) errors.required(`${at}.containerPort`)
    else checkPort(`${at}.containerPort`, port.containerPort, errors)
    checkProtocol(`${at}.protocol`, port.protocol, errors)
  }
  for (const [i, variable] of (container.env ?? []).entries()) {
    if (variable.name === undefined || variable.name === '') errors.required(`${path}.env[${i}].name`)
  }
  for (const list of ['requests', 'limits'] as const) {
    for (const [name, value] of Object.entries(container.resources?.[list] ?? {})) {
      if (!isQuantity(value)) {
        errors.invalid(
          `${path}.resources.${list}[${name}]`,
          value,
          "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        )
      }
    }
  }
}

/** A DNS label that is unique in its list; `seen` is added to. */
export function checkName(path: string, name: string | undefined, seen: Set<string>, errors: FieldErrors): void {
  if (name === undefined || name === '') {
    errors.required(path)
    return
  }
  errors.check(path, name, dnsLabelFault)
  if (seen.has(name)) errors.duplicate(path, name)
  seen.add(name)
}

export function checkPort(path: string, port: number, errors: FieldErrors): void {
  if (port < 1 || port > 65_535) errors.invalid(path, port, 'must be between 1 and 65535, inclusive')
}

export function checkProtocol(path: string, protocol: string | undefined, errors: FieldErrors): void {
  if (!PROTOCOLS.includes(protocol ?? '')) errors.notSupported(path, protocol ?? '', PROTOCOLS)
}
