import {
  type FieldMatcher,
  type KubeObject,
  type LabelMatcher,
  parseFieldSelector,
  parseLabelSelector,
  type ResourceType,
  type Stored,
  type StoreEvent,
} from '../cluster/index.ts'

export type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED'

export interface SelectionQuery {
  readonly namespace: string | undefined
  /** Of a single object, when its path was given. */
  readonly name: string | undefined
  readonly labelSelector: string | undefined
  readonly fieldSelector: string | undefined
}

/** The part of a kind that a list or watch is about. */
export class Selection {
  readonly type: ResourceType
  readonly namespace: string | undefined
  readonly #name: string | undefined
  readonly #labels: LabelMatcher | undefined
  readonly #fields: FieldMatcher | undefined
  /** All objects of the kind. */
  readonly isEverything: boolean

  /** @throws ApiError BadRequest for a selector that cannot be read. */
  constructor(type: ResourceType, query: SelectionQuery) {
    this.type = type
    this.namespace = query.namespace
    this.#name = query.name
    this.#labels = parseLabelSelector(query.labelSelector)
    this.#fields = parseFieldSelector(type, query.fieldSelector)
    this.isEverything =
      query.namespace === undefined &&
      query.name === undefined &&
      this.#labels === undefined &&
      this.#fields === undefined
  }

  matches(object: KubeObject): boolean {
    if (this.isEverything) return true
    const { metadata } = object
    return (
      (this.namespace === undefined || metadata?.namespace === this.namespace) &&
      (this.#name === undefined || metadata?.name === this.#name) &&
      (this.#labels === undefined || this.#labels(metadata?.labels)) &&
      (this.#fields === undefined || this.#fields(object))
    )
  }

  /**
   * What a watch of this selection is told of an event. An object that leaves the selection is deleted, one that enters it
   * is added; who leaves is shown as it was, at the new version.
   *
   * hot: once per event and watch.
   */
  see(event: StoreEvent): { readonly type: WatchType; readonly object: Stored } | undefined {
    if (this.isEverything) return event
    const { object, previous } = event
    if (event.type === 'DELETED') return this.matches(previous ?? object) ? { type: 'DELETED', object } : undefined
    const is = this.matches(object)
    const was = previous !== undefined && this.matches(previous)
    if (is) return { type: was ? 'MODIFIED' : 'ADDED', object }
    if (!was) return undefined
    const { resourceVersion } = object.metadata
    return { type: 'DELETED', object: { ...previous, metadata: { ...previous.metadata, resourceVersion } } }
  }
}
