import type { Service } from 'kubernetes-types/core/v1.js'
import { Prng } from '../../base/index.ts'
import { ApiError } from './errors.ts'
import { Services } from './resources.ts'
import type { ObjectStore } from './store.ts'

/** Kubernetes' usual service range, 10.96.0.0/12: nothing ever listens there, and nobody is meant to connect. */
const BASE = (10 << 24) | (96 << 16)
const ADDRESSES = 1 << 20
/** Ports that Kubernetes gives to services of type NodePort. */
const NODE_PORT_FIRST = 30_000
const NODE_PORTS = 2768

/**
 * Gives a service its cluster address and node ports where it needs them and has none. Changes `service`.
 *
 * The address follows from namespace and name, with the next free one taken on a clash: the same objects get the same
 * addresses whatever the order of creation, clashes aside. `previous` keeps what it had.
 */
export function allocateServiceAddresses(store: ObjectStore, service: Service, previous?: Service): void {
  const spec = (service.spec ??= {})
  if (spec.type === 'ExternalName') {
    delete spec.clusterIP
    delete spec.clusterIPs
    return
  }
  const draws = new Prng(`service/${service.metadata?.namespace ?? ''}/${service.metadata?.name ?? ''}`)
  if (spec.clusterIP === undefined || spec.clusterIP === '') {
    spec.clusterIP = spec.clusterIPs?.[0] ?? previous?.spec?.clusterIP ?? freeAddress(store, draws)
  }
  spec.clusterIPs ??= [spec.clusterIP]
  if (spec.type !== 'NodePort' && spec.type !== 'LoadBalancer') return
  const taken = new Set(
    store.list<Service>(Services).flatMap(other => (other.spec?.ports ?? []).map(port => port.nodePort)),
  )
  for (const port of spec.ports ?? []) {
    const before = previous?.spec?.ports?.find(old => old.port === port.port && old.protocol === port.protocol)
    port.nodePort ??=
      before?.nodePort ??
      NODE_PORT_FIRST + freeOf(draws.below(NODE_PORTS), NODE_PORTS, n => !taken.has(NODE_PORT_FIRST + n))
    taken.add(port.nodePort)
  }
}

function freeAddress(store: ObjectStore, draws: Prng): string {
  const taken = new Set(store.list<Service>(Services).map(service => service.spec?.clusterIP))
  // The first ten are for the services of the cluster itself (kubernetes, kube-dns), the last is the broadcast address.
  const usable = ADDRESSES - 12
  return dotted(BASE + 11 + freeOf(draws.below(usable), usable, n => !taken.has(dotted(BASE + 11 + n))))
}

function freeOf(start: number, size: number, isFree: (n: number) => boolean): number {
  for (let i = 0; i < size; i++) {
    const n = (start + i) % size
    if (isFree(n)) return n
  }
  throw new ApiError('TooManyRequests', 'the range of service addresses and ports is full')
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map(shift => (address >>> shift) & 255).join('.')
}
