import { unreachable } from '../../../base/index.ts'
import type { ChurnEvent, NodeEvent, PodEvent, ServiceEvent, TraceStrategy, WorkloadEvent } from '../churn-event.ts'
import { ActionScrubber, type KnownAction } from './action-scrubber.ts'
import { AddressPseudonyms } from './addresses.ts'
import { ContainerScrubber } from './container-scrubber.ts'
import type { Keep } from './keep.ts'
import { LabelScrubber } from './label-scrubber.ts'
import { ObjectNames } from './object-names.ts'
import { Pseudonyms } from './pseudonyms.ts'
import type { ScrubLedger } from './scrub-ledger.ts'
import { REASONS } from './well-known.ts'

export interface EventScrubberOptions {
  readonly keep: Keep
  /** Actions whose names and arguments are known. */
  readonly actions: readonly KnownAction[]
  /** Names of the metric profiles that there are. */
  readonly profiles: readonly string[]
}

type PodIdentity = Pick<PodEvent, 'namespace' | 'name' | 'uid'>

/**
 * Replaces what events tell of whose cluster it was. One event becomes one event of the same kind, operation and time.
 *
 * Each field is taken up by name: a field that the format gains later is lost until it is thought of here.
 */
export class EventScrubber {
  readonly pseudonyms: Pseudonyms
  readonly addresses: AddressPseudonyms
  readonly #ledger: ScrubLedger
  readonly #keep: Keep
  readonly #names: ObjectNames
  readonly #labels: LabelScrubber
  readonly #containers: ContainerScrubber
  readonly #actions: ActionScrubber
  /** What living pods are called now, by uid. */
  readonly #pods = new Map<string, PodIdentity>()

  constructor(key: Uint8Array, ledger: ScrubLedger, { keep, actions, profiles }: EventScrubberOptions) {
    this.pseudonyms = new Pseudonyms(key, ledger)
    this.addresses = new AddressPseudonyms(this.pseudonyms, ledger)
    this.#ledger = ledger
    this.#keep = keep
    this.#names = new ObjectNames(this.pseudonyms, ledger, keep)
    this.#labels = new LabelScrubber(this.pseudonyms, ledger, this.#names, keep, new Set(profiles))
    this.#containers = new ContainerScrubber(this.pseudonyms, ledger, this.#names, keep)
    this.#actions = new ActionScrubber(this.pseudonyms, ledger, this.#names, this.#labels, actions)
  }

  scrub(event: ChurnEvent): ChurnEvent {
    switch (event.kind) {
      case 'node':
        return this.#node(event)
      case 'workload':
        return this.#workload(event)
      case 'service':
        return this.#service(event)
      case 'pod':
        return this.#pod(event)
      case 'action':
        return this.#actions.action(event)
      default:
        return unreachable(event)
    }
  }

  #node({ t, kind, op, name, labels, reason }: NodeEvent): NodeEvent {
    return {
      t,
      kind,
      op,
      name: this.#names.node(name),
      ...(labels === undefined ? {} : { labels: this.#labels.labels(labels) }),
      ...(reason === undefined ? {} : { reason: this.#reason(reason) }),
    }
  }

  #workload(event: WorkloadEvent): WorkloadEvent {
    const { t, kind, op, namespace, name, type, replicas, selector, strategy, labels, annotations, containers } = event
    return {
      t,
      kind,
      op,
      namespace: this.#names.namespace(namespace),
      name: this.#names.workload(type, name),
      type: this.#names.kind(type),
      ...(replicas === undefined ? {} : { replicas }),
      ...(selector === undefined ? {} : { selector: this.#labels.labels(selector) }),
      ...(strategy === undefined ? {} : { strategy: plainStrategy(strategy) }),
      ...(labels === undefined ? {} : { labels: this.#labels.labels(labels) }),
      ...(annotations === undefined ? {} : { annotations: this.#labels.annotations(annotations) }),
      ...(containers === undefined ? {} : { containers: containers.map(each => this.#containers.container(each)) }),
    }
  }

  #service({ t, kind, op, namespace, name, labels, selector, ports }: ServiceEvent): ServiceEvent {
    return {
      t,
      kind,
      op,
      namespace: this.#names.namespace(namespace),
      name: this.#names.service(name),
      ...(labels === undefined ? {} : { labels: this.#labels.labels(labels) }),
      ...(selector === undefined ? {} : { selector: this.#labels.labels(selector) }),
      ...(ports === undefined ? {} : { ports: ports.map(each => this.#containers.servicePort(each)) }),
    }
  }

  // hot: once per event of a pod, which are nearly all.
  #pod(event: PodEvent): PodEvent {
    const { t, kind, op, owner, labels, annotations, containers, node, address, restarts, reason, graceS } = event
    const { namespace, name, uid } = this.#identity(event)
    return {
      t,
      kind,
      op,
      namespace,
      name,
      uid,
      ...(owner === undefined ? {} : { owner: this.#names.owner(owner) }),
      ...(labels === undefined ? {} : { labels: this.#labels.labels(labels) }),
      ...(annotations === undefined ? {} : { annotations: this.#labels.annotations(annotations) }),
      ...(containers === undefined ? {} : { containers: containers.map(each => this.#containers.container(each)) }),
      ...(node === undefined ? {} : { node: this.#names.node(node) }),
      ...(address === undefined ? {} : { address: this.#address(address) }),
      ...(restarts === undefined ? {} : { restarts }),
      ...(reason === undefined ? {} : { reason: this.#reason(reason) }),
      ...(graceS === undefined ? {} : { graceS }),
    }
  }

  /** A pod's name depends on its owner, which only its first event tells. */
  #identity({ op, namespace, name, uid, owner }: PodEvent): PodIdentity {
    let identity = this.#pods.get(uid)
    if (identity === undefined) {
      identity = {
        namespace: this.#names.namespace(namespace),
        name: this.#names.pod(name, owner),
        uid: this.#keep.names.has('uids') ? this.#ledger.keep('uids', uid) : this.pseudonyms.uid('uids', uid),
      }
      this.#pods.set(uid, identity)
    }
    if (op === 'deleted') this.#pods.delete(uid)
    return identity
  }

  #address(address: string): string {
    return this.#keep.names.has('addresses') ? this.#ledger.keep('addresses', address) : this.addresses.of(address)
  }

  #reason(reason: string): string {
    const isKept = REASONS.has(reason) || this.#keep.names.has('reasons')
    return isKept ? this.#ledger.keep('reasons', reason) : this.pseudonyms.word('reason', 'reasons', reason)
  }
}

/** Numbers and percentages; nothing else means anything here. */
function plainStrategy({ type, maxSurge, maxUnavailable }: TraceStrategy): TraceStrategy {
  return {
    type,
    ...(isAmount(maxSurge) ? { maxSurge } : {}),
    ...(isAmount(maxUnavailable) ? { maxUnavailable } : {}),
  }
}

function isAmount(value: number | string | undefined): value is number | string {
  return typeof value === 'number' || (value !== undefined && /^\d{1,9}%?$/.test(value))
}
