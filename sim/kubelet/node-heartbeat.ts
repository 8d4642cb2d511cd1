import type { Lease } from 'kubernetes-types/coordination/v1.js'
import type { Node } from 'kubernetes-types/core/v1.js'
import type { Prng, Timer } from '../../base/index.ts'
import { Leases, Nodes, type ObjectStore, type Stored } from '../cluster/index.ts'
import { isNodeReady, type PlannedClock, stampOf } from '../informers/index.ts'
import { healthyConditions } from './node-object.ts'

/** Kubernetes posts an unchanged node status this often; in between, the lease alone says that the node lives. */
const STATUS_REPORT_MS = 300_000
/** A lease lasts four renewals, as Kubernetes has it: 40 s for 10 s. */
const RENEWALS_PER_LEASE = 4
export const LEASE_NAMESPACE = 'kube-node-lease'

/**
 * Says that a node lives: renews its lease, and now and then posts its status; at once when somebody else has written that
 * it is not ready.
 *
 * The first renewal is made at once; the next ones at the node's own phase, so that not all nodes write at one instant.
 * Renewals may be made slow; the status is looked after as often as ever.
 */
export class NodeHeartbeat {
  readonly #clock: PlannedClock
  readonly #store: ObjectStore
  readonly #node: string
  readonly #renewMs: number
  readonly #phaseMs: number
  #slowMs: number | undefined
  #leaseTimer: Timer | undefined
  #slowTimer: Timer | undefined
  #statusTimer: Timer | undefined

  constructor(clock: PlannedClock, prng: Prng, store: ObjectStore, node: string, leaseRenewMs: number) {
    this.#clock = clock
    this.#store = store
    this.#node = node
    this.#renewMs = leaseRenewMs
    this.#phaseMs = prng.fork('lease-phase').between(1, leaseRenewMs)
  }

  start(): void {
    this.#postStatus()
    this.#renew()
    this.#beatAfter(this.#phaseMs)
    if (this.#slowMs !== undefined) this.#renewAfter(this.#slowMs)
    const postAfter = (delayMs: number): void => {
      this.#statusTimer = this.#clock.schedule(delayMs, () => {
        this.#postStatus()
        postAfter(STATUS_REPORT_MS)
      })
    }
    postAfter(STATUS_REPORT_MS + this.#phaseMs)
  }

  stop(): void {
    this.#leaseTimer?.cancel()
    this.#slowTimer?.cancel()
    this.#statusTimer?.cancel()
  }

  /** Renews the lease only so often from now on; `undefined`: as ever, and once at once. Holds for later starts too. */
  slow(everyMs: number | undefined, isRunning: boolean): void {
    this.#slowTimer?.cancel()
    this.#slowMs = everyMs
    if (!isRunning) return
    if (everyMs === undefined) this.#renew()
    else this.#renewAfter(everyMs)
  }

  #beatAfter(delayMs: number): void {
    this.#leaseTimer = this.#clock.schedule(delayMs, () => {
      if (this.#slowMs === undefined) this.#renew()
      this.#objectToNotReady()
      this.#beatAfter(this.#renewMs)
    })
  }

  #renewAfter(everyMs: number): void {
    this.#slowTimer = this.#clock.schedule(everyMs, () => {
      this.#renew()
      this.#renewAfter(everyMs)
    })
  }

  /** A kubelet compares its status with the one that is stored as often as it renews, and posts what differs. */
  #objectToNotReady(): void {
    const node = this.#store.get<Node>(Nodes, undefined, this.#node)
    if (node !== undefined && !isNodeReady(node)) this.#postStatus()
  }

  #postStatus(): void {
    const now = stampOf(this.#clock)
    this.#store.modify<Node>(Nodes, undefined, this.#node, node => ({
      ...node,
      status: { ...node.status, conditions: healthyConditions(node.status?.conditions ?? [], now) },
    }))
  }

  #renew(): void {
    const node = this.#store.get<Node>(Nodes, undefined, this.#node)
    // Without its Node object there is nobody for whom the lease would stand.
    if (node === undefined) return
    const renewTime = microTime(this.#clock.unixMs())
    const renewed = this.#store.modify<Lease>(Leases, LEASE_NAMESPACE, this.#node, lease => ({
      ...lease,
      spec: { ...lease.spec, renewTime },
    }))
    if (renewed === undefined) this.#store.create<Lease>(Leases, this.#lease(node, renewTime))
  }

  #lease(node: Stored<Node>, renewTime: string): Lease {
    const { name, uid } = node.metadata
    return {
      metadata: { namespace: LEASE_NAMESPACE, name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
      spec: {
        holderIdentity: name,
        leaseDurationSeconds: Math.max(1, Math.round((this.#renewMs * RENEWALS_PER_LEASE) / 1000)),
        renewTime,
      },
    }
  }
}

/** RFC 3339 with microseconds. */
function microTime(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, 23)}000Z`
}
