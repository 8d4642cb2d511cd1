import type { KubeObject, ObjectStore, ResourceType, StoreEvent } from '../cluster/index.ts'

type Handler = (event: StoreEvent) => void

/**
 * Hands each store event to those who registered for its kind, in order of registration: indexes first, then whoever
 * reads them. One subscription for all controllers, so that the order is in one place.
 */
export class EventRouter {
  readonly #handlers = new Map<ResourceType, Handler[]>()
  readonly #everyHandlers: Handler[] = []

  /** Calls `handler` for every event of a kind. What it throws stops the simulation: controllers do not fail. */
  on<T extends KubeObject>(type: ResourceType, handler: (event: StoreEvent<T>) => void): void {
    const handlers = this.#handlers.get(type)
    if (handlers === undefined) this.#handlers.set(type, [handler as Handler])
    else handlers.push(handler as Handler)
  }

  /** Calls `handler` for every event of every kind, before those who asked for the kind. */
  onEvery(handler: Handler): void {
    this.#everyHandlers.push(handler)
  }

  /** Shows what exists already as ADDED, then follows the store. Returns a function that ends it. */
  follow(store: ObjectStore): () => void {
    const stop = store.subscribe(event => this.#route(event))
    const types = this.#everyHandlers.length > 0 ? store.resources.stored() : this.#handlers.keys()
    for (const type of types) {
      for (const object of store.list(type)) {
        const resourceVersion = Number(object.metadata.resourceVersion)
        this.#route({ type: 'ADDED', resource: type, object, previous: undefined, resourceVersion })
      }
    }
    return stop
  }

  #route(event: StoreEvent): void {
    for (const handler of this.#everyHandlers) handler(event)
    const handlers = this.#handlers.get(event.resource)
    if (handlers === undefined) return
    for (const handler of handlers) handler(event)
  }
}
