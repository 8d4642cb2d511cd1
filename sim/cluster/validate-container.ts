import type { Container, ContainerPort, EnvFromSource, EnvVar, ResourceRequirements } from 'kubernetes-types/core/v1.js'
import { checkPort, checkQuantity, isEmpty, oneOf } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'
import { configKeyFault, dnsLabelFault, dnsSubdomainFault, envNameFault, portNameFault } from './names.ts'
import { compareQuantities, formatQuantity, type Quantity } from './quantity.ts'
import { containerResourceFault, isNotOvercommitted, isWhole } from './resource-names.ts'
import { forbidProbesAndHooks, validateProbesAndHooks } from './validate-probe.ts'
import { checkLocalPath } from './validate-volume.ts'

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const NANOS = 1_000_000_000n

/** What containers of one pod share. */
export interface ContainerContext {
  readonly graceS: number
  /** Names of volumes that can be mounted. */
  readonly volumes: ReadonlySet<string>
}

export function validateContainers(
  path: string,
  containers: readonly Container[],
  context: ContainerContext,
  errors: FieldErrors,
): void {
  if (containers.length === 0) {
    errors.required(path)
    return
  }
  const names = new Set<string>()
  for (const [i, container] of containers.entries()) {
    const at = `${path}[${i}]`
    validateCommon(at, container, context, errors)
    unique(`${at}.name`, container.name, names, errors)
    validateProbesAndHooks(at, container, context.graceS, errors)
    if (container.restartPolicy !== undefined) {
      errors.forbidden(`${at}.restartPolicy`, 'may not be set for non-init containers')
    }
  }
  checkHostPorts(path, containers, errors)
}

export function validateInitContainers(
  path: string,
  containers: readonly Container[],
  regular: readonly Container[],
  context: ContainerContext,
  errors: FieldErrors,
): void {
  const names = new Set(regular.map(({ name }) => name))
  for (const [i, container] of containers.entries()) {
    const at = `${path}[${i}]`
    validateCommon(at, container, context, errors)
    if (container.restartPolicy !== undefined) oneOf(`${at}.restartPolicy`, container.restartPolicy, ['Always'], errors)
    unique(`${at}.name`, container.name, names, errors)
    // They run one after the other, and so have the ports of the host to themselves.
    checkHostPorts(path, [container], errors)
    if (container.restartPolicy === 'Always') validateProbesAndHooks(at, container, context.graceS, errors)
    else forbidProbesAndHooks(at, container, errors)
  }
}

function unique(path: string, name: string, seen: Set<string>, errors: FieldErrors): void {
  if (seen.has(name)) errors.duplicate(path, name)
  else if (!isEmpty(name)) seen.add(name)
}

function validateCommon(path: string, container: Container, context: ContainerContext, errors: FieldErrors): void {
  if (isEmpty(container.name)) errors.required(`${path}.name`)
  else errors.check(`${path}.name`, container.name, dnsLabelFault)
  if (isEmpty(container.image)) errors.required(`${path}.image`)
  oneOf(`${path}.terminationMessagePolicy`, container.terminationMessagePolicy, MESSAGE_POLICIES, errors)
  validatePorts(`${path}.ports`, container.ports ?? [], errors)
  validateEnv(`${path}.env`, container.env ?? [], errors)
  validateEnvFrom(`${path}.envFrom`, container.envFrom ?? [], errors)
  validateMounts(path, container, context.volumes, errors)
  oneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES, errors)
  validateResources(`${path}.resources`, container.resources ?? {}, errors)
}

function validatePorts(path: string, ports: readonly ContainerPort[], errors: FieldErrors): void {
  const names = new Set<string>()
  for (const [i, port] of ports.entries()) {
    const at = `${path}[${i}]`
    const { name, containerPort, hostPort } = port
    if (!isEmpty(name)) {
      const fault = portNameFault(name!)
      if (fault !== undefined) errors.invalid(`${at}.name`, name, fault)
      else unique(`${at}.name`, name!, names, errors)
    }
    if ((containerPort ?? 0) === 0) errors.required(`${at}.containerPort`)
    else checkPort(`${at}.containerPort`, containerPort, errors)
    if ((hostPort ?? 0) !== 0) checkPort(`${at}.hostPort`, hostPort!, errors)
    checkProtocol(`${at}.protocol`, port.protocol, errors)
  }
}

export function checkProtocol(path: string, protocol: string | undefined, errors: FieldErrors): void {
  oneOf(path, protocol ?? '', PROTOCOLS, errors)
}

function checkHostPorts(path: string, containers: readonly Container[], errors: FieldErrors): void {
  const seen = new Set<string>()
  for (const [i, { ports }] of containers.entries()) {
    for (const [j, { protocol, hostIP, hostPort }] of (ports ?? []).entries()) {
      if ((hostPort ?? 0) === 0) continue
      unique(`${path}[${i}].ports[${j}].hostPort`, `${protocol}/${hostIP ?? ''}/${hostPort}`, seen, errors)
    }
  }
}

function validateEnv(path: string, variables: readonly EnvVar[], errors: FieldErrors): void {
  for (const [i, { name, value, valueFrom }] of variables.entries()) {
    const at = `${path}[${i}]`
    if (isEmpty(name)) errors.required(`${at}.name`)
    else errors.check(`${at}.name`, name, envNameFault)
    if (valueFrom === undefined) continue
    const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom
    if (fieldRef !== undefined && isEmpty(fieldRef.fieldPath)) errors.required(`${at}.valueFrom.fieldRef.fieldPath`)
    if (resourceFieldRef !== undefined && isEmpty(resourceFieldRef.resource)) {
      errors.required(`${at}.valueFrom.resourceFieldRef.resource`)
    }
    for (const field of ['configMapKeyRef', 'secretKeyRef'] as const) {
      const key = valueFrom[field]
      if (key === undefined) continue
      errors.check(`${at}.valueFrom.${field}.name`, key.name ?? '', dnsSubdomainFault)
      if (isEmpty(key.key)) errors.required(`${at}.valueFrom.${field}.key`)
      else errors.check(`${at}.valueFrom.${field}.key`, key.key, configKeyFault)
    }
    const sources = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef].filter(source => source !== undefined)
    if (sources.length === 0) {
      const choices = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'
      errors.invalid(`${at}.valueFrom`, '', `must specify one of: ${choices}`)
    } else if (!isEmpty(value)) {
      errors.invalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty')
    } else if (sources.length > 1) {
      errors.invalid(`${at}.valueFrom`, '', 'may not have more than one field specified at a time')
    }
  }
}

function validateEnvFrom(path: string, sources: readonly EnvFromSource[], errors: FieldErrors): void {
  for (const [i, { prefix, configMapRef, secretRef }] of sources.entries()) {
    const at = `${path}[${i}]`
    if (!isEmpty(prefix)) errors.check(`${at}.prefix`, prefix!, envNameFault)
    for (const [field, ref] of Object.entries({ configMapRef, secretRef })) {
      if (ref !== undefined) errors.check(`${at}.${field}.name`, ref.name ?? '', dnsSubdomainFault)
    }
    if (configMapRef === undefined && secretRef === undefined) {
      errors.invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`')
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      errors.invalid(path, '', 'may not have more than one field specified at a time')
    }
  }
}

function validateMounts(path: string, container: Container, volumes: ReadonlySet<string>, errors: FieldErrors): void {
  const paths = new Set<string>()
  for (const [i, mount] of (container.volumeMounts ?? []).entries()) {
    const at = `${path}.volumeMounts[${i}]`
    if (isEmpty(mount.name)) errors.required(`${at}.name`)
    if (!volumes.has(mount.name)) errors.notFound(`${at}.name`, mount.name ?? '')
    if (isEmpty(mount.mountPath)) errors.required(`${at}.mountPath`)
    if (paths.has(mount.mountPath)) errors.invalid(`${at}.mountPath`, mount.mountPath, 'must be unique')
    paths.add(mount.mountPath)
    if (!isEmpty(mount.subPath)) checkLocalPath(`${path}.volumeMounts.subPath`, mount.subPath!, errors)
  }
}

function validateResources(path: string, { limits, requests }: ResourceRequirements, errors: FieldErrors): void {
  const limitOf = new Map<string, Quantity>()
  for (const [name, value] of Object.entries(limits ?? {})) {
    const quantity = validateResource(`${path}.limits[${name}]`, name, value, errors)
    if (quantity !== undefined) limitOf.set(name, quantity)
  }
  for (const [name, value] of Object.entries(requests ?? {})) {
    const quantity = validateResource(`${path}.requests[${name}]`, name, value, errors)
    const limit = limitOf.get(name)
    if (quantity === undefined) continue
    const text = formatQuantity(quantity)
    if (limit === undefined) {
      if (limits?.[name] !== undefined || !isNotOvercommitted(name)) continue
      errors.required(`${path}.limits`, 'Limit must be set for non overcommitable resources')
    } else if (isNotOvercommitted(name) && compareQuantities(quantity, limit) !== 0) {
      errors.invalid(`${path}.requests`, text, `must be equal to ${name} limit of ${formatQuantity(limit)}`)
    } else if (compareQuantities(quantity, limit) > 0) {
      errors.invalid(
        `${path}.requests`,
        text,
        `must be less than or equal to ${name} limit of ${formatQuantity(limit)}`,
      )
    }
  }
}

function validateResource(path: string, name: string, value: unknown, errors: FieldErrors): Quantity | undefined {
  const fault = containerResourceFault(name)
  if (fault !== undefined) errors.invalid(path, name, fault)
  const quantity = checkQuantity(path, value, errors)
  if (quantity !== undefined && isWhole(name) && quantity.nanos % NANOS !== 0n) {
    errors.invalid(path, formatQuantity(quantity), 'must be an integer')
  }
  return quantity
}
