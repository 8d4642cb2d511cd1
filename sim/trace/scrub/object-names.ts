import type { Keep } from './keep.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import type { ScrubLedger } from './scrub-ledger.ts'
import { KINDS, NAMESPACES } from './well-known.ts'

/** `<Deployment>-<pod-template-hash>`: the last part of a word would have a vowel and no digit. */
const REPLICA_SET = /^(.+)-((?=[a-z0-9]*\d)[a-z0-9]{1,10}|[b-df-hj-np-tv-z]{1,10})$/
/** `<CronJob>-<minutes since 1970>`. */
const NUMBERED_JOB = /^(.+)-(\d{8,10})$/
const ORDINAL = /^(0|[1-9]\d{0,4})$/
const STATEFUL_POD = /^(.+)-(0|[1-9]\d{0,4})$/
const INDEXED = /^((?:0|[1-9]\d{0,4})-)[a-z0-9]{5}$/
const REVISION = /^(.+)-([a-z0-9]{1,10})$/

/**
 * Names of objects, taken apart as their controllers put them together, so that what belongs together still does:
 *
 * ```
 *   Deployment   frontend               lobster7k2fqz
 *   ReplicaSet   frontend-7d9f          lobster7k2fqz-4k7pqzr5w
 *   pod of it    frontend-7d9f-x2x1z    lobster7k2fqz-4k7pqzr5w-6w9vd
 *   StatefulSet  db-0                   turret2hx9w4-0
 *   Job          backup-28373820        tunic9fbm24-51860233
 * ```
 *
 * How a name is taken apart depends on the name and the kind alone, not on what else is in the trace. All that is no such
 * name is one word, of one class: a Service, a label's value and a workload with the same name stay the same.
 */
export class ObjectNames {
  readonly #pseudonyms: Pseudonyms
  readonly #ledger: ScrubLedger
  readonly #keep: Keep

  constructor(pseudonyms: Pseudonyms, ledger: ScrubLedger, keep: Keep) {
    this.#pseudonyms = pseudonyms
    this.#ledger = ledger
    this.#keep = keep
  }

  namespace(name: string): string {
    const isKept = NAMESPACES.has(name) || this.#keep.names.has('namespaces')
    return isKept ? this.#ledger.keep('namespaces', name) : this.#word('namespaces', name)
  }

  node(name: string): string {
    return this.#plain('nodes', name)
  }

  zone(name: string): string {
    return this.#plain('zones', name)
  }

  service(name: string): string {
    return this.#plain('services', name)
  }

  container(name: string): string {
    return this.#plain('containers', name)
  }

  kind(kind: string): string {
    const isKept = KINDS.has(kind) || this.#keep.names.has('kinds')
    return isKept ? this.#ledger.keep('kinds', kind) : this.#pseudonyms.word('kind', 'kinds', kind)
  }

  /** A workload, or whatever of that kind owns pods. */
  workload(kind: string, name: string): string {
    if (kind === 'ReplicaSet') {
      const [, stem, hash] = REPLICA_SET.exec(name) ?? []
      if (stem !== undefined && hash !== undefined) {
        this.#ledger.replace('workloads', name)
        const text = `${this.#plain('workloads', stem)}-${this.templateHash(hash)}`
        return this.#pseudonyms.composed('hashed', name, text)
      }
    }
    if (kind === 'Job') {
      const [, stem] = NUMBERED_JOB.exec(name) ?? []
      if (stem !== undefined) return this.#pseudonyms.numbered('workloads', this.#plain('workloads', stem), name)
    }
    return kind === 'Node' ? this.node(name) : this.#plain('workloads', name)
  }

  /** `Kind/name`. */
  owner(owner: string): string {
    const slash = owner.indexOf('/')
    const kind = owner.slice(0, slash)
    return `${this.kind(kind)}/${this.workload(kind, owner.slice(slash + 1))}`
  }

  pod(name: string, owner: string | undefined): string {
    if (this.#keep.names.has('pods')) return this.#ledger.keep('pods', name)
    if (owner === undefined) return this.#word('pods', name)
    const slash = owner.indexOf('/')
    const kind = owner.slice(0, slash)
    const ownerName = owner.slice(slash + 1)
    if (!name.startsWith(`${ownerName}-`)) return this.#word('pods', name)
    const rest = name.slice(ownerName.length + 1)
    if (kind === 'StatefulSet' && ORDINAL.test(rest)) return this.statefulPod(name)
    const stem = this.workload(kind, ownerName)
    const index = kind === 'Job' ? INDEXED.exec(rest)?.[1] : undefined
    if (index === undefined) return this.#pseudonyms.suffixed('pods', stem, name)
    return this.#pseudonyms.suffixed('pods', `${stem}-${this.#ledger.keep('ordinals', index.slice(0, -1))}`, name)
  }

  /** A pod of a StatefulSet, whose name is also the value of a label. */
  statefulPod(name: string): string {
    if (this.#keep.names.has('pods')) return this.#ledger.keep('pods', name)
    const [, stem, ordinal] = STATEFUL_POD.exec(name) ?? []
    if (stem === undefined || ordinal === undefined) return this.#word('pods', name)
    this.#ledger.replace('pods', name)
    const text = `${this.#plain('workloads', stem)}-${this.#ledger.keep('ordinals', ordinal)}`
    return this.#pseudonyms.composed('ordinal', name, text)
  }

  /** Hash of a pod template, as it stands in a ReplicaSet's name and in a label. */
  templateHash(hash: string): string {
    return this.#pseudonyms.hash('template hashes', hash)
  }

  /** Revision of a controller: a hash, with the StatefulSet's name before it. */
  revision(revision: string): string {
    const [, stem, hash] = REVISION.exec(revision) ?? []
    if (stem === undefined || hash === undefined) return this.templateHash(revision)
    this.#ledger.replace('template hashes', revision)
    const text = `${this.#plain('workloads', stem)}-${this.templateHash(hash)}`
    return this.#pseudonyms.composed('hashed', revision, text)
  }

  #plain(field: 'nodes' | 'zones' | 'services' | 'containers' | 'workloads', name: string): string {
    return this.#keep.names.has(field) ? this.#ledger.keep(field, name) : this.#word(field, name)
  }

  #word(field: string, name: string): string {
    return this.#pseudonyms.word('name', field, name)
  }
}
