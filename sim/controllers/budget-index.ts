import type { LabelSelector, OwnerReference } from 'kubernetes-types/meta/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import { compileLabelSelector, keyOf, type LabelMatcher, type Stored } from '../cluster/index.ts'
import { controllerOf, isReady } from '../informers/index.ts'
import { LabelPlaces } from './label-places.ts'

/** What a budget counts of one of its pods. */
interface Member {
  readonly name: string
  /** Ready and not being deleted. */
  readonly isHealthy: boolean
  readonly isDeleting: boolean
  readonly owner: OwnerReference | undefined
}

interface Owner {
  readonly reference: OwnerReference
  pods: number
}

/** The pods that a budget selects, counted as they come and go. */
export class BudgetMembers {
  readonly selects: LabelMatcher
  readonly selector: LabelSelector
  readonly #members = new Map<string, Member>()
  readonly #uidByName = new Map<string, string>()
  readonly #owners = new Map<string, Owner>()
  #healthy = 0
  #unmanaged = 0

  constructor(selector: LabelSelector) {
    this.selector = selector
    this.selects = compileLabelSelector(selector)
  }

  get count(): number {
    return this.#members.size
  }

  get healthy(): number {
    return this.#healthy
  }

  /** Pods that no controller owns. */
  get unmanaged(): number {
    return this.#unmanaged
  }

  /** The controllers of the others, by uid. */
  get owners(): Iterable<OwnerReference> {
    return [...this.#owners.values()].map(({ reference }) => reference)
  }

  /** A pod by its name, as disrupted ones are written down. */
  named(name: string): (Member & { readonly uid: string }) | undefined {
    const uid = this.#uidByName.get(name)
    return uid === undefined ? undefined : { ...this.#members.get(uid)!, uid }
  }

  /** Name of a pod of a controller; O(pods), for messages. */
  podOf(owner: string): string {
    for (const member of this.#members.values()) if (member.owner?.uid === owner) return member.name
    return ''
  }

  /** Takes a pod in as it is now. Returns whether that changed what is counted. O(1). */
  set(pod: Stored<Pod>): boolean {
    const { uid, name, deletionTimestamp } = pod.metadata
    const before = this.#members.get(uid)
    const isDeleting = deletionTimestamp !== undefined
    const isHealthy = !isDeleting && isReady(pod)
    const owner = controllerOf(pod)
    if (
      before !== undefined &&
      before.isHealthy === isHealthy &&
      before.isDeleting === isDeleting &&
      before.owner?.uid === owner?.uid
    ) {
      return false
    }
    this.delete(uid)
    this.#members.set(uid, { name, isHealthy, isDeleting, owner })
    this.#uidByName.set(name, uid)
    if (isHealthy) this.#healthy++
    if (owner === undefined) {
      this.#unmanaged++
    } else {
      const known = this.#owners.get(owner.uid)
      if (known === undefined) this.#owners.set(owner.uid, { reference: owner, pods: 1 })
      else known.pods++
    }
    return true
  }

  /** Returns whether the pod was there. O(1). */
  delete(uid: string): boolean {
    const member = this.#members.get(uid)
    if (member === undefined) return false
    this.#members.delete(uid)
    if (this.#uidByName.get(member.name) === uid) this.#uidByName.delete(member.name)
    if (member.isHealthy) this.#healthy--
    if (member.owner === undefined) {
      this.#unmanaged--
    } else {
      const owner = this.#owners.get(member.owner.uid)!
      if (--owner.pods === 0) this.#owners.delete(member.owner.uid)
    }
    return true
  }
}

/**
 * Finds the budgets that select a pod. Each is filed under its namespace and the first pair of its selector, so a pod asks
 * once for each of its labels; budgets without such a pair are asked one by one.
 */
export class BudgetIndex {
  readonly #members = new Map<string, BudgetMembers>()
  readonly #places = new LabelPlaces()

  /** Adds a budget, or replaces it when its selector is another. Returns its members when they have to be gathered. */
  set(budget: Stored<PodDisruptionBudget>): BudgetMembers | undefined {
    const key = keyOf(budget)
    // Without a selector nothing is selected; an empty one selects every pod of the namespace.
    const selector = budget.spec?.selector ?? NOTHING
    const before = this.#members.get(key)
    if (before?.selector === selector) return undefined
    this.delete(budget)
    const members = new BudgetMembers(selector)
    this.#members.set(key, members)
    this.#places.add(budget.metadata.namespace ?? '', ...firstPair(selector), key)
    return members
  }

  delete(budget: Stored<PodDisruptionBudget>): void {
    const key = keyOf(budget)
    const members = this.#members.get(key)
    if (members === undefined) return
    this.#members.delete(key)
    this.#places.remove(budget.metadata.namespace ?? '', ...firstPair(members.selector), key)
  }

  get(key: string): BudgetMembers | undefined {
    return this.#members.get(key)
  }

  // hot: once for each change of a pod, in clusters without budgets, too.
  selecting({ metadata: { namespace = '', labels } }: Stored<Pod>): readonly string[] {
    if (this.#members.size === 0) return NONE
    const found: string[] = []
    for (const key of this.#places.of(namespace, labels)) if (this.#selects(key, labels)) found.push(key)
    for (const key of this.#places.of(namespace, NO_PAIR)) if (this.#selects(key, labels)) found.push(key)
    return found
  }

  #selects(key: string, labels: Readonly<Record<string, string>> | undefined): boolean {
    return this.#members.get(key)!.selects(labels)
  }
}

const NONE: readonly string[] = []
const NOTHING: LabelSelector = { matchExpressions: [{ key: 'nothing', operator: 'In', values: [] }] }

/** Where budgets are filed that have no pair; no label is called so. */
const NO_PAIR = { '': '' }

function firstPair({ matchLabels = {} }: LabelSelector): readonly [label: string, value: string] {
  return Object.entries(matchLabels)[0] ?? ['', '']
}
