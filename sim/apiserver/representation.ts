import type { KubeObject, ResourceType, Stored } from '../cluster/index.ts'
import { apiVersionOf } from '../cluster/index.ts'
import type { ObjectTexts } from './object-texts.ts'

/** `metadata` of a list. */
export interface ListMeta {
  readonly resourceVersion: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

/**
 * How objects become text: plain JSON, a table, or meta data only.
 *
 * A list is `listHead`, the `item`s joined by commas, `listTail`; a watch event is `{"type":…,"object":` `watched` `}\n`.
 */
export interface Representation {
  /** One object as an answer of its own. */
  object(object: Stored): string
  listHead(meta: ListMeta): string
  /** @param isOneOfMany the list is so long that keeping its items would cost more than making them again. */
  item(object: Stored, isOneOfMany: boolean): string
  readonly listTail: string
  watched(object: Stored): string
  /** A bookmark's object, which carries nothing but a resource version. */
  bookmark(resourceVersion: number, annotations?: Readonly<Record<string, string>>): string
}

export function jsonRepresentation(texts: ObjectTexts, type: ResourceType): Representation {
  return wholeObjects(type, (object, isOneOfMany) => texts.of(object, isOneOfMany))
}

/** Objects in another version than they are stored as. Made afresh each time: few ask for one. */
export function versionedRepresentation(type: ResourceType): Representation {
  return wholeObjects(type, object => JSON.stringify({ ...object, apiVersion: apiVersionOf(type) }))
}

function wholeObjects(type: ResourceType, get: (object: Stored, isOneOfMany: boolean) => string): Representation {
  return {
    object: object => get(object, false),
    listHead: meta =>
      `{"kind":"${type.kind}List","apiVersion":"${apiVersionOf(type)}","metadata":${JSON.stringify(meta)},"items":[`,
    item: get,
    listTail: ']}\n',
    watched: object => get(object, false),
    bookmark: (resourceVersion, annotations) =>
      bookmarkObject(apiVersionOf(type), type.kind, resourceVersion, annotations),
  }
}

const META_VERSION = 'meta.k8s.io/v1'

export function partialRepresentation(): Representation {
  const partial = (object: Stored): string => JSON.stringify(partialObject(object))
  return {
    object: partial,
    listHead: meta =>
      `{"kind":"PartialObjectMetadataList","apiVersion":"${META_VERSION}","metadata":${JSON.stringify(meta)},"items":[`,
    item: partial,
    listTail: ']}\n',
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
): string {
  const metadata = {
    resourceVersion: String(resourceVersion),
    creationTimestamp: null,
    ...(annotations === undefined ? {} : { annotations }),
  }
  return JSON.stringify({ kind, apiVersion, metadata })
}
