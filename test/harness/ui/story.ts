import type { TruthEvent } from '../../../sim/index.ts'

type Body = TruthEvent extends infer E
  ? E extends TruthEvent
    ? Omit<E, 'plannedMs' | 'plannedNs' | 'committedNs'>
    : never
  : never

/** An event as the control plane sends it, one millisecond late. */
export function at(plannedMs: number, body: Body): TruthEvent {
  const plannedNs = BigInt(Math.round(plannedMs * 1e6))
  return { plannedMs, plannedNs, committedNs: plannedNs + 1_000_000n, ...body }
}

export const opened = (plannedMs: number, index: number, node: string, name = `cart-${index}`): TruthEvent =>
  at(plannedMs, {
    type: 'target-opened',
    target: {
      uid: `uid-${index}`,
      slot: index,
      address: `127.2.${index >> 8}.${index & 255}`,
      ports: [8080],
      profile: 'web-service',
      namespace: 'shop',
      pod: name,
      node,
      container: 'main',
      app: 'cart',
      seed: '1',
      startedUnixMs: 0,
    },
  })

/** A pod's life up to being ready, `eligible` 100 ms after it was opened. */
export function comes(plannedMs: number, index: number, node: string): TruthEvent[] {
  const uid = `uid-${index}`
  return [
    opened(plannedMs, index, node),
    at(plannedMs + 100, { type: 'pod-addressed', uid }),
    at(plannedMs + 200, { type: 'pod-ready', uid }),
  ]
}

export function goes(plannedMs: number, index: number): TruthEvent[] {
  const uid = `uid-${index}`
  return [at(plannedMs, { type: 'pod-terminating', uid }), at(plannedMs + 500, { type: 'pod-deleted', uid })]
}

/** What sockets and subject saw, filled by hand. */
export class Seen {
  readonly scraped = new Map<number, number>()
  readonly visible = new Map<string, number>()
  scrapedMs(slot: number): number | undefined {
    return this.scraped.get(slot)
  }
  visibleMs(uid: string): number | undefined {
    return this.visible.get(uid)
  }
}

export const places = (nodes: number, zones = 3): { name: string; zone: string }[] =>
  Array.from({ length: nodes }, (_, i) => ({ name: `node-${i}`, zone: `region-1${'abc'[i % zones]}` }))

/**
 * A cluster in the middle of its day: pods in every state, a silent node, some actions, two minutes of time lines.
 */
export function busyCluster(nodes: number, pods: number, seen: Seen): TruthEvent[] {
  const events: TruthEvent[] = []
  for (let i = 0; i < pods; i++) {
    const bornMs = Math.floor((i / pods) * 60_000)
    events.push(opened(bornMs, i, `node-${i % nodes}`))
    // Of a hundred: three start, three wait, six are scraped, the others can be queried, four of them terminate.
    const kind = i % 100
    if (kind < 3) continue
    events.push(at(bornMs + 100, { type: 'pod-addressed', uid: `uid-${i}` }))
    events.push(at(bornMs + 200, { type: 'pod-ready', uid: `uid-${i}` }))
    if (kind < 6) continue
    seen.scraped.set(i, bornMs + 110 + (i % 40))
    if (kind < 12) continue
    seen.visible.set(`uid-${i}`, bornMs + 140 + (i % 60))
    if (kind < 16) events.push(at(61_000, { type: 'pod-terminating', uid: `uid-${i}` }))
  }
  for (let k = 0; k < 8; k++) {
    events.push(at(5000 + k * 7000, { type: 'action', action: 'scale', detail: `scale cart to ${10 + k}` }))
  }
  events.push(at(62_000, { type: 'node-silent', node: 'node-1' }))
  events.push(at(70_000, { type: 'node-not-ready', node: 'node-1' }))
  return events.toSorted((a, b) => a.plannedMs - b.plannedMs)
}
