import type { ControllerRevision, DaemonSet } from 'kubernetes-types/apps/v1.js'
import type { Node, Pod, PodTemplateSpec } from 'kubernetes-types/core/v1.js'
import type { Prng } from '../../base/index.ts'
import { ControllerRevisions, DaemonSets, keyOf, Nodes, Pods, type Stored, type StoreEvent } from '../cluster/index.ts'
import { controllerOf, controllerReference, isActive, type PodEntry, splitKey, WorkQueue } from '../informers/index.ts'
import { adoptPod, releasePod, selects } from './adoption.ts'
import { DaemonBoard } from './daemon-board.ts'
import { type DaemonTerms, fitOf, judgeNode } from './daemon-slot.ts'
import { daemonPrototype } from './daemon-template.ts'
import type { ControllerEnvironment } from './environment.ts'
import { pinnedNode, pinnedTo } from './node-affinity.ts'
import { isRevisionOf, RevisionBook } from './revision-book.ts'
import { REVISION_LABEL, revisionOfPod, SUFFIX_ALPHABET, templateHash } from './template-hash.ts'

/** A write in flight; what happens meanwhile is seen by the next look. */
const KEY_SPACING_MS = 5
/** Creations and deletions go out in batches, as those of ReplicaSets do. */
const BATCH_MAX = 4
const WRITE_MS = 3
const SOURCE = { component: 'daemonset-controller' }
const GENERATION_ANNOTATION = 'deprecated.daemonset.template.generation'

interface Known {
  readonly key: string
  readonly board: DaemonBoard
  readonly names: Prng
}

/**
 * Keeps one pod of each DaemonSet on every node that it belongs on.
 *
 * Each look judges only the nodes on which something has changed (`daemon-slot.ts`), and writes in this order: adoption,
 * the revision of the template, missing pods, pods that must go; when there was nothing of that to do, a step of the rolling
 * update; revisions beyond the limit, and last the status. Pods are made for their node (by required node affinity) and
 * bound by the scheduler.
 *
 * A Node that is deleted is no longer counted at once, whereas Kubernetes waits for the next change of one of the set's pods.
 */
export class DaemonSetController {
  readonly #env: ControllerEnvironment
  readonly #prng: Prng
  readonly #queue: WorkQueue
  /** Nodes to look at again, as `uid node`: a pod becomes available there, or a back-off ends. */
  readonly #looks: WorkQueue
  readonly #history: RevisionBook
  /** By uid. */
  readonly #known = new Map<string, Known>()
  /** Uids by namespace, for pods that look for an owner. */
  readonly #byNamespace = new Map<string, Set<string>>()
  readonly #nodes = new Map<string, Stored<Node>>()
  readonly #prototypes = new WeakMap<PodTemplateSpec, { readonly id: string; readonly pod: Pod }>()

  constructor(env: ControllerEnvironment, prng: Prng) {
    this.#env = env
    this.#prng = prng
    this.#queue = new WorkQueue(env.clock, key => this.#reconcile(key), { keySpacingMs: KEY_SPACING_MS })
    this.#looks = new WorkQueue(env.clock, look => this.#lookAgain(look))
    env.router.on<Node>(Nodes, event => this.#onNode(event))
    env.router.on<DaemonSet>(DaemonSets, event => this.#onSet(event))
    env.router.on<Pod>(Pods, event => this.#onPod(event))
    this.#history = new RevisionBook(env.store, env.router, (_revision, owner) => {
      const known = owner && this.#known.get(owner.uid)
      if (known !== undefined) this.#queue.add(known.key)
    })
  }

  #onSet({ type, object, previous }: StoreEvent<DaemonSet>): void {
    const { uid, namespace = '' } = object.metadata
    const key = keyOf(object)
    if (type === 'DELETED') {
      this.#queue.drop(key)
      this.#known.delete(uid)
      this.#byNamespace.get(namespace)?.delete(uid)
      return
    }
    let known = this.#known.get(uid)
    if (known === undefined) {
      known = { key, board: new DaemonBoard(), names: this.#prng.fork(`daemonset/${key}`) }
      this.#known.set(uid, known)
      const uids = this.#byNamespace.get(namespace)
      if (uids === undefined) this.#byNamespace.set(namespace, new Set([uid]))
      else uids.add(uid)
      for (const { pod } of this.#env.pods.ownedBy(uid).entries.values()) known.board.place(uid, targetOf(pod))
      for (const pod of this.#env.pods.unowned(namespace)) this.#adopt(object, pod)
    }
    if (previous?.spec !== object.spec) {
      known.board.spoilAll()
      for (const node of this.#nodes.keys()) known.board.dirty.add(node)
    }
    this.#queue.add(key)
  }

  #onPod({ type, object, previous }: StoreEvent<Pod>): void {
    const { uid, namespace = '' } = object.metadata
    const owner = controllerOf(object)
    const before = previous && controllerOf(previous)
    if (before !== undefined && before.uid !== owner?.uid) this.#place(before.uid, uid, undefined)
    if (owner === undefined) {
      if (type === 'DELETED' || !isActive(object)) return
      for (const set of this.#byNamespace.get(namespace) ?? []) {
        const found = this.#get(set)
        if (found !== undefined && this.#adopt(found, object)) break
      }
    } else if (owner.kind === 'DaemonSet') {
      this.#place(owner.uid, uid, type === 'DELETED' ? undefined : targetOf(object))
      if (type === 'MODIFIED' && previous?.metadata.labels !== object.metadata.labels) this.#release(object, owner.uid)
    }
  }

  #place(set: string, pod: string, node: string | undefined): void {
    const known = this.#known.get(set)
    if (known === undefined) return
    known.board.place(pod, node)
    this.#queue.add(known.key)
  }

  /** O(DaemonSets): each is asked whether the node means something else to it than before. */
  #onNode({ type, object, previous }: StoreEvent<Node>): void {
    const { name } = object.metadata
    if (type === 'DELETED') this.#nodes.delete(name)
    else this.#nodes.set(name, object)
    const isSame =
      type === 'MODIFIED' &&
      previous?.spec?.taints === object.spec?.taints &&
      previous?.metadata.labels === object.metadata.labels
    if (isSame) return
    for (const [uid, { key, board }] of this.#known) {
      const set = this.#get(uid)
      if (set === undefined) continue
      const before = board.verdictOn(name)?.fit
      const after = type === 'DELETED' ? undefined : fitOf(object, this.#prototype(set, board.hash ?? '').spec)
      if (before?.shouldRun === after?.shouldRun && before?.shouldStay === after?.shouldStay) continue
      board.dirty.add(name)
      this.#queue.add(key)
    }
  }

  #lookAgain(look: string): void {
    const space = look.indexOf(' ')
    const known = this.#known.get(look.slice(0, space))
    if (known === undefined) return
    known.board.dirty.add(look.slice(space + 1))
    this.#queue.add(known.key)
  }

  #reconcile(key: string): void {
    const { namespace, name } = splitKey(key)
    const set = this.#env.store.get<DaemonSet>(DaemonSets, namespace, name)
    const known = set && this.#known.get(set.metadata.uid)
    // One that is being deleted may have lost its history already, and without it nothing can be said of its pods.
    if (set?.spec?.selector === undefined || known === undefined || set.metadata.deletionTimestamp !== undefined) return
    const revisions = this.#revisions(set)
    if (revisions === undefined) return
    const { board } = known
    const hash = revisions.current.metadata.labels?.[REVISION_LABEL] ?? revisions.current.metadata.name
    if (board.hash !== hash) {
      board.hash = hash
      board.spoilAll()
    }
    this.#judge(set, board, hash)
    const isBusy = this.#manage(set, known, hash)
    if (!isBusy && (set.spec.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate') this.#roll(set, known, hash)
    this.#truncate(set, revisions.old)
    const status = { ...board.status(), observedGeneration: set.metadata.generation ?? 1 }
    this.#modify(set, current => {
      const { collisionCount, conditions } = current.status ?? {}
      const kept = {
        ...(collisionCount === undefined ? {} : { collisionCount }),
        ...(conditions === undefined ? {} : { conditions }),
      }
      return { ...current, status: { ...status, ...kept } }
    })
  }

  /** Judges the nodes on which something changed. */
  #judge(set: Stored<DaemonSet>, board: DaemonBoard, hash: string): void {
    const { spec } = this.#prototype(set, hash)
    const maxSurge = set.spec?.updateStrategy?.rollingUpdate?.maxSurge ?? 0
    const nowMs = this.#env.clock.elapsedMs
    const terms: DaemonTerms = {
      hash,
      minReadyMs: (set.spec?.minReadySeconds ?? 0) * 1000,
      surges: (set.spec?.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate' && roundedUp(maxSurge, 1) > 0,
      nowMs,
    }
    for (const name of board.dirty) {
      const node = this.#nodes.get(name)
      const pods: PodEntry[] = []
      for (const uid of board.podsOn(name)) {
        const entry = this.#env.pods.get(uid)
        if (entry !== undefined) pods.push(entry)
      }
      const verdict = judgeNode(node && fitOf(node, spec), pods, terms)
      for (const pod of board.verdictOn(name)?.excess ?? []) board.doomed.delete(pod.metadata.uid)
      board.put(name, verdict)
      for (const pod of verdict.excess) board.doomed.set(pod.metadata.uid, pod)
      let againMs = verdict.nextLookMs
      for (const pod of verdict.failed) {
        if (!board.doomed.has(pod.metadata.uid)) againMs = Math.min(againMs, this.#doomFailed(set, board, name, pod))
      }
      for (const pod of verdict.succeeded) {
        if (!board.doomed.has(pod.metadata.uid)) this.#doomSucceeded(set, board, name, pod)
      }
      if (againMs < Infinity) this.#looks.add(`${set.metadata.uid} ${name}`, againMs)
    }
    board.dirty.clear()
  }

  /** @returns how long the pod has to stay; Infinity when it may go. */
  #doomFailed(set: Stored<DaemonSet>, board: DaemonBoard, node: string, pod: Stored<Pod>): number {
    const ms = board.backoffMs(node, set.status?.observedGeneration ?? 0, this.#env.clock.elapsedMs)
    if (ms > 0) return ms
    const { namespace, name, uid } = pod.metadata
    const message = `Found failed daemon pod ${namespace}/${name} on node ${node}, will try to kill it`
    this.#env.events.warning(SOURCE, DaemonSets, set, 'FailedDaemonPod', message)
    board.doomed.set(uid, pod)
    return Infinity
  }

  #doomSucceeded(set: Stored<DaemonSet>, board: DaemonBoard, node: string, pod: Stored<Pod>): void {
    const { namespace, name, uid } = pod.metadata
    const message = `Found succeeded daemon pod ${namespace}/${name} on node ${node}, will try to delete it`
    this.#env.events.normal(SOURCE, DaemonSets, set, 'SucceededDaemonPod', message)
    board.doomed.set(uid, pod)
  }

  /** Makes missing pods and deletes those that must go, a batch of each. Returns whether there was anything to do. */
  #manage(set: Stored<DaemonSet>, known: Known, hash: string): boolean {
    const { board } = known
    if (board.needy.size === 0) board.batch = 1
    if (board.needy.size + board.doomed.size === 0) return false
    this.#write(
      set,
      known,
      hash,
      [...firstOf(board.needy, board.batch)],
      [...firstOf(board.doomed.values(), BATCH_MAX)],
    )
    if (board.needy.size > 0) board.batch = Math.min(board.batch * 2, BATCH_MAX)
    return true
  }

  /** Creates pods on `nodes`, then deletes `pods`; plans the next look when there is more of either to do. */
  #write(
    set: Stored<DaemonSet>,
    { key, board, names }: Known,
    hash: string,
    nodes: readonly string[],
    pods: readonly Stored<Pod>[],
  ): void {
    for (const node of nodes) {
      board.needy.delete(node)
      this.#create(set, names, hash, node)
    }
    for (const pod of pods) {
      board.doomed.delete(pod.metadata.uid)
      this.#delete(set, pod)
    }
    if (board.needy.size + board.doomed.size > 0) {
      this.#queue.add(key, Math.max(nodes.length, pods.length) * WRITE_MS)
    }
  }

  #roll(set: Stored<DaemonSet>, known: Known, hash: string): void {
    const { board, key } = known
    const { maxSurge = 0, maxUnavailable = 1 } = set.spec?.updateStrategy?.rollingUpdate ?? {}
    const surge = roundedUp(maxSurge, board.desired)
    const nodes: string[] = []
    const leaving: string[] = []
    if (surge === 0) {
      // Neither over nor under would be a rollout that cannot move.
      const bound = roundedUp(maxUnavailable, board.desired) || Math.min(1, board.desired)
      const room = bound - board.count('unavailable') - board.count('replace')
      leaving.push(...board.in('replace'), ...firstOf(board.in('candidate'), room))
    } else {
      nodes.push(...board.in('surge'), ...firstOf(board.in('candidate'), surge - board.count('surging')))
      leaving.push(...board.in('retire'), ...firstOf(board.in('leave'), board.served - board.desired))
    }
    const pods = leaving.map(node => board.verdictOn(node)?.old).filter(pod => pod !== undefined)
    this.#write(set, known, hash, nodes.slice(0, BATCH_MAX), pods.slice(0, BATCH_MAX))
    if (nodes.length > BATCH_MAX || pods.length > BATCH_MAX) this.#queue.add(key, BATCH_MAX * WRITE_MS)
  }

  #create(set: Stored<DaemonSet>, names: Prng, hash: string, node: string): void {
    const { store, events } = this.#env
    const { namespace } = set.metadata
    const generateName = `${set.metadata.name}-`
    // Named here rather than by the store, so that a pod's name depends on its own set only; a taken name is drawn again.
    let name: string
    do name = generateName + names.word(5, SUFFIX_ALPHABET)
    while (store.get(Pods, namespace, name) !== undefined)
    const { metadata, spec, ...rest } = this.#prototype(set, hash)
    store.create<Pod>(Pods, {
      ...rest,
      metadata: {
        ...metadata,
        ...(namespace === undefined ? {} : { namespace }),
        generateName,
        name,
        ownerReferences: [controllerReference(DaemonSets, set)],
      },
      spec: { ...spec!, affinity: pinnedTo(spec?.affinity, node) },
    })
    events.normal(SOURCE, DaemonSets, set, 'SuccessfulCreate', `Created pod: ${name}`)
  }

  #delete(set: Stored<DaemonSet>, { metadata: { uid } }: Stored<Pod>): void {
    const current = this.#env.pods.get(uid)?.pod
    if (current === undefined || current.metadata.deletionTimestamp !== undefined) return
    const { namespace, name } = current.metadata
    this.#env.store.delete(Pods, namespace, name, { uid })
    this.#env.events.normal(SOURCE, DaemonSets, set, 'SuccessfulDelete', `Deleted pod: ${name}`)
  }

  /** Shared by reference, for stored objects never change. */
  #prototype({ metadata, spec }: Stored<DaemonSet>, hash: string): Pod {
    const { template } = spec!
    const generation = metadata.annotations?.[GENERATION_ANNOTATION]
    const id = `${hash} ${generation ?? ''}`
    let prototype = this.#prototypes.get(template)
    if (prototype?.id !== id) {
      prototype = { id, pod: daemonPrototype(template, hash, generation, this.#env.admission) }
      this.#prototypes.set(template, prototype)
    }
    return prototype.pod
  }

  /**
   * The revision of the set's template, made when there is none, and the others. A template that was there before gets a
   * new number instead of a new revision. `undefined` when the revision's name is taken by something else: then the
   * collision count has been raised, and that brings the next look.
   */
  #revisions(
    set: Stored<DaemonSet>,
  ): { readonly current: Stored<ControllerRevision>; readonly old: readonly Stored<ControllerRevision>[] } | undefined {
    const { template, selector } = set.spec!
    this.#history.adopt(DaemonSets, set, labels => selects(selector, labels))
    const all = this.#history.of(set.metadata.uid)
    const old = all.filter(revision => !isRevisionOf(revision, template))
    const equal = all.filter(revision => isRevisionOf(revision, template))
    const number = (old.at(-1)?.revision ?? 0) + 1
    const newest = equal.at(-1)
    if (newest !== undefined) {
      for (const { metadata } of equal.slice(0, -1)) this.#merge(set, metadata, newest)
      return { current: newest.revision < number ? this.#history.renumber(newest, number) : newest, old }
    }
    const { collisionCount } = set.status ?? {}
    const recorded = { type: DaemonSets, owner: set, template }
    const current = this.#history.record(recorded, templateHash(template, collisionCount), REVISION_LABEL, number)
    if (current !== undefined) return { current, old }
    this.#modify(set, ({ status, ...rest }) => ({
      ...rest,
      status: { ...new DaemonBoard().status(), ...status, collisionCount: (collisionCount ?? 0) + 1 },
    }))
    return undefined
  }

  /** Deletes a revision that says the same as another, once its pods are called after that one. */
  #merge(
    set: Stored<DaemonSet>,
    { namespace, name, labels }: Stored['metadata'],
    { metadata: kept }: Stored<ControllerRevision>,
  ): void {
    const { store, pods } = this.#env
    const hash = labels?.[REVISION_LABEL]
    const [before, after] = [hash ?? name, kept.labels?.[REVISION_LABEL] ?? kept.name]
    for (const { pod } of pods.ownedBy(set.metadata.uid).entries.values()) {
      if (revisionOfPod(pod) !== before) continue
      store.modify<Pod>(Pods, namespace, pod.metadata.name, current => ({
        ...current,
        metadata: { ...current.metadata, labels: { ...current.metadata.labels, [REVISION_LABEL]: after } },
      }))
    }
    store.delete(ControllerRevisions, namespace, name)
  }

  /** Deletes the oldest revisions beyond the limit that no pod is of. */
  #truncate(set: Stored<DaemonSet>, old: readonly Stored<ControllerRevision>[]): void {
    let surplus = old.length - (set.spec?.revisionHistoryLimit ?? 10)
    if (surplus <= 0) return
    const live = new Set<string | undefined>()
    for (const { pod } of this.#env.pods.ownedBy(set.metadata.uid).entries.values()) live.add(revisionOfPod(pod))
    for (const { metadata } of old) {
      if (surplus <= 0) return
      if (live.has(metadata.labels?.[REVISION_LABEL] ?? metadata.name)) continue
      this.#env.store.delete(ControllerRevisions, metadata.namespace, metadata.name)
      surplus--
    }
  }

  #modify({ metadata }: Stored<DaemonSet>, change: (current: Stored<DaemonSet>) => DaemonSet): void {
    this.#env.store.modify<DaemonSet>(DaemonSets, metadata.namespace, metadata.name, current =>
      current.metadata.uid === metadata.uid ? change(current) : undefined,
    )
  }

  #adopt(set: Stored<DaemonSet>, pod: Stored<Pod>): boolean {
    if (set.metadata.deletionTimestamp !== undefined || !isActive(pod)) return false
    if (!selects(set.spec?.selector, pod.metadata.labels)) return false
    adoptPod(this.#env.store, pod, controllerReference(DaemonSets, set))
    return true
  }

  #release(pod: Stored<Pod>, owner: string): void {
    const set = this.#get(owner)
    if (set === undefined || selects(set.spec?.selector, pod.metadata.labels)) return
    releasePod(this.#env.store, pod, owner)
  }

  #get(uid: string): Stored<DaemonSet> | undefined {
    const known = this.#known.get(uid)
    if (known === undefined) return undefined
    const { namespace, name } = splitKey(known.key)
    return this.#env.store.get<DaemonSet>(DaemonSets, namespace, name)
  }
}

/** The node that a pod is on, or made for. A pod that somebody else made may be for none. */
function targetOf({ spec }: Pod): string | undefined {
  return spec?.nodeName ?? pinnedNode(spec)
}

/** A number, or a percentage of `count`, rounded up: both of a DaemonSet's bounds are. */
function roundedUp(share: number | string, count: number): number {
  const percent = /^(\d+)%$/.exec(String(share))?.[1]
  return percent === undefined ? Number(share) || 0 : Math.ceil((Number(percent) * count) / 100)
}

function* firstOf<T>(values: Iterable<T>, count: number): Generator<T> {
  let left = count
  for (const value of values) {
    if (left-- <= 0) return
    yield value
  }
}
