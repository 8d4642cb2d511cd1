import type { KubeObject, ResourceType, Stored } from '../cluster/index.ts'
import { apiVersionOf } from '../cluster/index.ts'

/** `metadata` of a list. */
export interface ListMeta {
  readonly resourceVersion: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

/**
 * How objects become bytes: plain JSON, a table, or meta data only.
 *
 * A list is `listHead`, the `item`s joined by commas, `listTail`; a watch event is `{"type":…,"object":` `watched` `}\n`.
 * Buffers that are returned are shared: nobody writes to them.
 */
export interface Representation {
  /** One object as an answer of its own. */
  object(object: Stored): Buffer
  listHead(meta: ListMeta): Buffer
  item(object: Stored): Buffer
  listTail: Buffer
  watched(object: Stored): Buffer
  /** A bookmark's object, which carries nothing but a resource version. */
  bookmark(resourceVersion: number, annotations?: Readonly<Record<string, string>>): Buffer
}

/**
 * What is kept. A list of a very large cluster goes past it: to keep all of it would cost more, in collections of garbage, than
 * to make it again.
 */
const CACHED_BYTES_MAX = 64 * 1024 * 1024

/**
 * Objects as their JSON, made once for each version of an object and shared by all lists and watches, as long as it is among
 * the last `CACHED_BYTES_MAX`.
 *
 * Stored objects are immutable, so the object itself is the key. `forget` drops the JSON of versions that have been replaced.
 */
export class JsonCache {
  /** In order of making. */
  readonly #bytes = new Map<KubeObject, Buffer>()
  #size = 0

  get(object: Stored): Buffer {
    const cached = this.#bytes.get(object)
    if (cached !== undefined) return cached
    const bytes = Buffer.from(JSON.stringify(object))
    this.#bytes.set(object, bytes)
    this.#size += bytes.length
    while (this.#size > CACHED_BYTES_MAX) {
      const [oldest] = this.#bytes.keys()
      this.forget(oldest!)
    }
    return bytes
  }

  forget(object: KubeObject): void {
    const bytes = this.#bytes.get(object)
    if (bytes === undefined) return
    this.#bytes.delete(object)
    this.#size -= bytes.length
  }
}

export function jsonRepresentation(cache: JsonCache, type: ResourceType): Representation {
  return wholeObjects(type, object => cache.get(object))
}

/** Objects in another version than they are stored as. Made afresh each time: few ask for one. */
export function versionedRepresentation(type: ResourceType): Representation {
  return wholeObjects(type, object => Buffer.from(JSON.stringify({ ...object, apiVersion: apiVersionOf(type) })))
}

function wholeObjects(type: ResourceType, get: (object: Stored) => Buffer): Representation {
  return {
    object: get,
    listHead: meta =>
      Buffer.from(
        `{"kind":"${type.kind}List","apiVersion":"${apiVersionOf(type)}","metadata":${JSON.stringify(meta)},"items":[`,
      ),
    item: get,
    listTail: Buffer.from(']}\n'),
    watched: get,
    bookmark: (resourceVersion, annotations) =>
      bookmarkObject(apiVersionOf(type), type.kind, resourceVersion, annotations),
  }
}

const META_VERSION = 'meta.k8s.io/v1'

export function partialRepresentation(): Representation {
  const partial = (object: Stored): Buffer => Buffer.from(JSON.stringify(partialObject(object)))
  return {
    object: partial,
    listHead: meta =>
      Buffer.from(
        `{"kind":"PartialObjectMetadataList","apiVersion":"${META_VERSION}","metadata":${JSON.stringify(meta)},"items":[`,
      ),
    item: partial,
    listTail: Buffer.from(']}\n'),
    watched: partial,
    bookmark: (resourceVersion, annotations) =>
      bookmarkObject(META_VERSION, 'PartialObjectMetadata', resourceVersion, annotations),
  }
}

export function partialObject(object: Stored): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: META_VERSION, metadata: object.metadata }
}

export function bookmarkObject(
  apiVersion: string,
  kind: string,
  resourceVersion: number,
  annotations?: Readonly<Record<string, string>>,
): Buffer {
  const metadata = {
    resourceVersion: String(resourceVersion),
    creationTimestamp: null,
    ...(annotations === undefined ? {} : { annotations }),
  }
  return Buffer.from(JSON.stringify({ kind, apiVersion, metadata }))
}
