import { isIP, isIPv4 } from 'node:net'
import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Endpoints as EndpointsObject, Event, Node, Pod, Service } from 'kubernetes-types/core/v1.js'
import type { Lease } from 'kubernetes-types/coordination/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import { FieldErrors } from './field-errors.ts'
import { qualifiedNameFault } from './names.ts'
import type { KubeObject } from './objects.ts'
import {
  Deployments,
  Endpoints,
  EndpointSlices,
  Events,
  Leases,
  Nodes,
  Pods,
  ReplicaSets,
  type ResourceType,
  Services,
} from './resources.ts'
import { validateMeta } from './validate-meta.ts'
import { checkName, checkPort, checkProtocol, validatePodSpec } from './validate-pod.ts'
import { validateDeployment, validateReplicaSet } from './validate-workload.ts'

const SERVICE_TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6']
const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
const ENDPOINTS_PER_SLICE_MAX = 1000

/**
 * Judges a complete object (defaults applied) and tells all its faults at once, as Kubernetes words them.
 *
 * @throws ApiError Invalid
 */
export function validate(type: ResourceType, object: KubeObject): void {
  const errors = new FieldErrors()
  validateMeta(type, object.metadata ?? {}, errors)
  switch (type) {
    case Pods:
      validatePodSpec('spec', (object as Pod).spec, errors)
      break
    case Services:
      validateService(object as Service, errors)
      break
    case Nodes:
      validateNode(object as Node, errors)
      break
    case Deployments:
      validateDeployment(object as Deployment, errors)
      break
    case ReplicaSets:
      validateReplicaSet(object as ReplicaSet, errors)
      break
    case Endpoints:
      validateEndpoints(object as EndpointsObject, errors)
      break
    case EndpointSlices:
      validateSlice(object as EndpointSlice, errors)
      break
    case Leases:
      validateLease(object as Lease, errors)
      break
    case Events:
      validateEvent(object as Event, errors)
      break
    default:
  }
  errors.throwIfAny(type, object.metadata?.name ?? '')
}

/**
 * Judges the meta data alone: all that a write can have changed which leaves the rest as it is.
 *
 * @throws ApiError Invalid
 */
export function validateMetadata(type: ResourceType, object: KubeObject): void {
  const errors = new FieldErrors()
  validateMeta(type, object.metadata ?? {}, errors)
  errors.throwIfAny(type, object.metadata?.name ?? '')
}

function validateService({ spec = {} }: Service, errors: FieldErrors): void {
  if (!SERVICE_TYPES.includes(spec.type ?? '')) errors.notSupported('spec.type', spec.type, SERVICE_TYPES)
  const headless = spec.clusterIP === 'None'
  const ports = spec.ports ?? []
  if (ports.length === 0 && !headless && spec.type !== 'ExternalName') errors.required('spec.ports')
  if (spec.type === 'ExternalName' && (spec.externalName ?? '') === '') errors.required('spec.externalName')
  if (spec.clusterIP !== undefined && spec.clusterIP !== '' && !headless && isIP(spec.clusterIP) === 0) {
    errors.invalid(
      'spec.clusterIPs[0]',
      spec.clusterIP,
      'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    )
  }
  const names = new Set<string>()
  const numbers = new Set<string>()
  for (const [i, port] of ports.entries()) {
    const path = `spec.ports[${i}]`
    if (ports.length > 1 || (port.name ?? '') !== '') checkName(`${path}.name`, port.name, names, errors)
    checkPort(`${path}.port`, port.port ?? 0, errors)
    checkProtocol(`${path}.protocol`, port.protocol, errors)
    const number = `${port.port}/${port.protocol ?? ''}`
    if (numbers.has(number)) errors.duplicate(path, { port: port.port, protocol: port.protocol })
    numbers.add(number)
    if (typeof port.targetPort === 'number') checkPort(`${path}.targetPort`, port.targetPort, errors)
  }
}

function validateNode({ spec }: Node, errors: FieldErrors): void {
  const seen = new Set<string>()
  for (const [i, taint] of (spec?.taints ?? []).entries()) {
    const path = `spec.taints[${i}]`
    errors.check(`${path}.key`, taint.key ?? '', qualifiedNameFault)
    if (!TAINT_EFFECTS.includes(taint.effect)) errors.notSupported(`${path}.effect`, taint.effect, TAINT_EFFECTS)
    const id = `${taint.key}:${taint.effect}`
    if (seen.has(id)) errors.duplicate(path, taint)
    seen.add(id)
  }
}

function validateEndpoints({ subsets }: EndpointsObject, errors: FieldErrors): void {
  for (const [i, subset] of (subsets ?? []).entries()) {
    const path = `subsets[${i}]`
    if ((subset.addresses ?? []).length + (subset.notReadyAddresses ?? []).length === 0) {
      errors.required(path, 'must specify `addresses` or `notReadyAddresses`')
    }
    for (const list of ['addresses', 'notReadyAddresses'] as const) {
      for (const [j, { ip }] of (subset[list] ?? []).entries()) {
        if (isIP(ip ?? '') === 0) errors.invalid(`${path}.${list}[${j}].ip`, ip, 'must be a valid IP address')
      }
    }
    for (const [j, port] of (subset.ports ?? []).entries())
      checkPort(`${path}.ports[${j}].port`, port.port ?? 0, errors)
  }
}

function validateSlice({ addressType, endpoints, ports }: EndpointSlice, errors: FieldErrors): void {
  if (addressType === undefined || addressType === '') errors.required('addressType')
  else if (!ADDRESS_TYPES.includes(addressType)) errors.notSupported('addressType', addressType, ADDRESS_TYPES)
  if ((endpoints ?? []).length > ENDPOINTS_PER_SLICE_MAX) {
    errors.invalid('endpoints', (endpoints ?? []).length, `must have at most ${ENDPOINTS_PER_SLICE_MAX} items`)
  }
  for (const [i, { addresses }] of (endpoints ?? []).entries()) {
    const path = `endpoints[${i}].addresses`
    if ((addresses ?? []).length === 0) errors.required(path, 'must contain at least 1 address')
    for (const [j, address] of (addresses ?? []).entries()) {
      if (addressType === 'IPv4' && !isIPv4(address))
        errors.invalid(`${path}[${j}]`, address, 'must be a valid IPv4 address')
    }
  }
  for (const [i, port] of (ports ?? []).entries()) {
    if (port.port !== undefined && port.port !== null) checkPort(`ports[${i}].port`, port.port, errors)
  }
}

function validateLease({ spec }: Lease, errors: FieldErrors): void {
  if (spec?.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) {
    errors.invalid('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0')
  }
}

function validateEvent({ metadata, involvedObject }: Event, errors: FieldErrors): void {
  const namespace = involvedObject?.namespace ?? ''
  // Events about cluster-scoped objects live in `default`.
  const wanted = namespace === '' ? 'default' : namespace
  if (wanted !== metadata.namespace && !(namespace === '' && metadata.namespace === 'kube-system')) {
    errors.invalid('involvedObject.namespace', namespace, 'does not match event.namespace')
  }
}
