import { isIP, isIPv4 } from 'node:net'
import type { Endpoints, Service } from 'kubernetes-types/core/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import { checkPort, isEmpty } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'
import { dnsLabelFault } from './names.ts'
import { checkProtocol } from './validate-container.ts'

const SERVICE_TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6']
const ENDPOINTS_PER_SLICE_MAX = 1000

export function validateService({ spec = {} }: Service, errors: FieldErrors): void {
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

export function validateEndpoints({ subsets }: Endpoints, errors: FieldErrors): void {
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

export function validateSlice({ addressType, endpoints, ports }: EndpointSlice, errors: FieldErrors): void {
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

/** A DNS label that is unique in its list; `seen` is added to. */
function checkName(path: string, name: string | undefined, seen: Set<string>, errors: FieldErrors): void {
  if (isEmpty(name)) {
    errors.required(path)
    return
  }
  errors.check(path, name!, dnsLabelFault)
  if (seen.has(name!)) errors.duplicate(path, name)
  seen.add(name!)
}
