import { setImmediate as nextTurn } from 'node:timers/promises'
import type { KubeObject, ResourceType, Stored } from '../cluster/index.ts'
import { apiVersionOf } from '../cluster/index.ts'
import type { ObjectTexts } from './object-texts.ts'
import { JSON_TYPE } from './media-types.ts'
import type { ListMeta, Representation } from './representation.ts'

/**
 * How objects become text: plain JSON, a table, or meta data only.
 *
 * A list is `listHead`, the `item`s joined by commas, `listTail`; a watch event is `{"type":…,"object":` `watched` `}\n`.
 */
export interface TextForm {
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

/** Items of a list that are made before others get their turn. */
const SLICE_OBJECTS = 100
/** The texts of longer lists would push each other out before the next client asked for them. */
const KEPT_OBJECTS = 10_000

export function textRepresentation(form: TextForm): Representation {
  return {
    contentType: JSON_TYPE,
    watchContentType: JSON_TYPE,
    object: object => form.object(object),
    list: (meta, objects) => listSlices(form, meta, objects),
    event: (type, object) => eventLine(type, form.watched(object)),
    bookmark: (resourceVersion, annotations) => eventLine('BOOKMARK', form.bookmark(resourceVersion, annotations)),
    failure: status => eventLine('ERROR', JSON.stringify(status)),
  }
}

function eventLine(type: string, object: string): string {
  return `{"type":"${type}","object":${object}}\n`
}

async function* listSlices(form: TextForm, meta: ListMeta, objects: readonly Stored[]): AsyncGenerator<Buffer, void> {
  const isOneOfMany = objects.length > KEPT_OBJECTS
  let text = form.listHead(meta)
  for (let i = 0; i < objects.length; i++) {
    if (i > 0) text += ','
    text += form.item(objects[i]!, isOneOfMany)
    if ((i + 1) % SLICE_OBJECTS > 0) continue
    yield Buffer.from(text)
    text = ''
    await nextTurn()
  }
  yield Buffer.from(text + form.listTail)
}

export function jsonForm(texts: ObjectTexts, type: ResourceType): TextForm {
  return wholeObjects(type, (object, isOneOfMany) => texts.of(object, isOneOfMany))
}

/** Objects in another version than they are stored as. Made afresh each time: few ask for one. */
export function versionedForm(type: ResourceType): TextForm {
  return wholeObjects(type, object => JSON.stringify({ ...object, apiVersion: apiVersionOf(type) }))
}

function wholeObjects(type: ResourceType, get: (object: Stored, isOneOfMany: boolean) => string): TextForm {
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

export function partialForm(): TextForm {
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
