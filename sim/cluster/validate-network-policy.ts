import { BlockList, isIP } from 'node:net'
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from 'kubernetes-types/networking/v1.js'
import { checkPort, isEmpty } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'
import { portNameFault } from './names.ts'
import { validateSelector } from './validate-selector.ts'

const TYPES = ['Ingress', 'Egress']
const PROTOCOLS = ['TCP', 'UDP', 'SCTP']

export function validateNetworkPolicy({ spec }: NetworkPolicy, errors: FieldErrors): void {
  validateSelector('spec.podSelector', spec?.podSelector, errors)
  for (const [i, { ports, from }] of (spec?.ingress ?? []).entries()) {
    validateRule(`spec.ingress[${i}]`, ports, 'from', from, errors)
  }
  for (const [i, { ports, to }] of (spec?.egress ?? []).entries()) {
    validateRule(`spec.egress[${i}]`, ports, 'to', to, errors)
  }
  const types = spec?.policyTypes ?? []
  if (types.length > TYPES.length) {
    errors.invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')
    return
  }
  for (const [i, type] of types.entries()) {
    if (!TYPES.includes(type)) errors.notSupported(`spec.policyTypes[${i}]`, type, TYPES)
  }
}

function validateRule(
  path: string,
  ports: readonly NetworkPolicyPort[] | undefined,
  field: 'from' | 'to',
  peers: readonly NetworkPolicyPeer[] | undefined,
  errors: FieldErrors,
): void {
  for (const [i, port] of (ports ?? []).entries()) validatePort(`${path}.ports[${i}]`, port, errors)
  for (const [i, peer] of (peers ?? []).entries()) validatePeer(`${path}.${field}[${i}]`, peer, errors)
}

function validatePort(path: string, { protocol, port, endPort }: NetworkPolicyPort, errors: FieldErrors): void {
  if (protocol !== undefined && !PROTOCOLS.includes(protocol)) {
    errors.notSupported(`${path}.protocol`, protocol, PROTOCOLS)
  }
  if (typeof port === 'number') {
    checkPort(`${path}.port`, port, errors)
    if (endPort === undefined) return
    if (endPort < port) errors.invalid(`${path}.endPort`, port, 'must be greater than or equal to `port`')
    checkPort(`${path}.endPort`, endPort, errors)
  } else if (port !== undefined) {
    if (endPort !== undefined) {
      errors.invalid(`${path}.endPort`, endPort, 'may not be specified when `port` is non-numeric')
    }
    errors.check(`${path}.port`, port, portNameFault)
  } else if (endPort !== undefined) {
    errors.invalid(`${path}.endPort`, endPort, 'may not be specified when `port` is not specified')
  }
}

function validatePeer(path: string, peer: NetworkPolicyPeer, errors: FieldErrors): void {
  const { podSelector, namespaceSelector, ipBlock } = peer
  validateSelector(`${path}.podSelector`, podSelector, errors)
  validateSelector(`${path}.namespaceSelector`, namespaceSelector, errors)
  if (ipBlock !== undefined) validateBlock(`${path}.ipBlock`, ipBlock, errors)
  if (podSelector === undefined && namespaceSelector === undefined) {
    if (ipBlock === undefined) errors.required(path, 'must specify a peer')
  } else if (ipBlock !== undefined) {
    errors.forbidden(path, 'may not specify both ipBlock and another peer')
  }
}

function validateBlock(path: string, { cidr, except }: IPBlock, errors: FieldErrors): void {
  if (isEmpty(cidr)) {
    errors.required(`${path}.cidr`)
    return
  }
  const whole = checkCidr(`${path}.cidr`, cidr, errors)
  if (whole === undefined) return
  for (const [i, text] of (except ?? []).entries()) {
    const part = checkCidr(`${path}.except[${i}]`, text, errors)
    if (part === undefined) continue
    const inside = part.family === whole.family && whole.list.check(part.address, part.family)
    if (!inside || part.prefix <= whole.prefix) {
      errors.invalid(`${path}.except[${i}]`, text, 'must be a strict subset of `cidr`')
    }
  }
}

interface Cidr {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
  readonly list: BlockList
}

function checkCidr(path: string, text: string, errors: FieldErrors): Cidr | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text)
  const [address, prefix] = [match?.[1] ?? '', Number(match?.[2] ?? -1)]
  const version = isIP(address)
  if (version === 0 || prefix < 0 || prefix > (version === 4 ? 32 : 128)) {
    errors.invalid(path, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')
    return undefined
  }
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(address, prefix, family)
  return { address, prefix, family, list }
}
