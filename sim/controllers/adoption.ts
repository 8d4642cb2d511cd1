import type { Pod } from 'kubernetes-types/core/v1.js'
import type { LabelSelector, OwnerReference } from 'kubernetes-types/meta/v1.js'
import { compileLabelSelector, type LabelMatcher, type ObjectStore, Pods, type Stored } from '../cluster/index.ts'
import { controllerOf } from '../informers/index.ts'

/** Compiled selectors, for as long as the selectors live: an object in the store is immutable. */
const compiled = new WeakMap<LabelSelector, LabelMatcher>()

/** Whether a workload's selector matches labels. No selector matches nothing. */
export function selects(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>> = {}): boolean {
  if (selector === undefined) return false
  let matcher = compiled.get(selector)
  if (matcher === undefined) {
    matcher = compileLabelSelector(selector)
    compiled.set(selector, matcher)
  }
  return matcher(labels)
}

/** Makes `owner` the controller of a pod that has none; leaves it alone when another was faster. */
export function adoptPod(store: ObjectStore, { metadata }: Stored<Pod>, owner: OwnerReference): void {
  store.modify<Pod>(Pods, metadata.namespace, metadata.name, current => {
    if (current.metadata.uid !== metadata.uid || controllerOf(current) !== undefined) return undefined
    const ownerReferences = [...(current.metadata.ownerReferences ?? []), owner]
    return { ...current, metadata: { ...current.metadata, ownerReferences } }
  })
}

/** Takes the owner with uid `owner` away from a pod: it no longer has the labels that it was owned for. */
export function releasePod(store: ObjectStore, pod: Stored<Pod>, owner: string): void {
  store.modify<Pod>(Pods, pod.metadata.namespace, pod.metadata.name, current => {
    const { ownerReferences = [], ...metadata } = current.metadata
    const others = ownerReferences.filter(({ uid }) => uid !== owner)
    return { ...current, metadata: others.length === 0 ? metadata : { ...metadata, ownerReferences: others } }
  })
}
