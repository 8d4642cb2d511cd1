import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Status } from 'kubernetes-types/meta/v1.js'
import type { Clock } from '../../base/index.ts'
import { ApiError, Namespaces, notFound, type ObjectStore, Pods, type Stored } from '../cluster/index.ts'
import { deleteObject, isDryRun, parseDeleteRequest } from './deletion.ts'
import { evictPod } from './eviction.ts'
import { waitUntilFresh } from './freshness.ts'
import { parseJson } from './json.ts'
import { listAll, listPage, type Page } from './list.ts'
import { parseListOptions } from './list-options.ts'
import { negotiate } from './negotiation.ts'
import { parsePatch, type Patch, unsupportedMediaType } from './patch.ts'
import { patchSchemaOf } from './patch-schema.ts'
import { bindPod } from './pod-actions.ts'
import { type JsonCache, jsonRepresentation, partialRepresentation, type Representation } from './representation.ts'
import { methodNotAllowed, parseRequest, pathNotFound, type RequestInfo } from './request-info.ts'
import { scaleOf, withScale } from './scale.ts'
import { Selection } from './selection.ts'
import { type IncludeObject, tableRepresentation } from './table.ts'
import type { UsageMeter } from './usage.ts'
import type { WatchHub } from './watch-hub.ts'
import type { Address, Writes } from './writes.ts'

const JSON_TYPE = 'application/json'
/** As Kubernetes sends them: nobody between client and server shall keep an answer. */
export const JSON_HEADERS = { 'content-type': JSON_TYPE, 'cache-control': 'no-cache, private' } as const
/** Lists longer than this are sent in slices, between which others get their turn. */
const SLICE_OBJECTS = 200

export interface ResourceApiParts {
  readonly store: ObjectStore
  readonly writes: Writes
  readonly watches: WatchHub
  readonly json: JsonCache
  readonly usage: UsageMeter
}

/** Everything below `/api/v1/` and `/apis/<group>/<version>/`: one request in, one answer (or a watch) out. */
export class ResourceApi {
  readonly #clock: Clock
  readonly #store: ObjectStore
  readonly #writes: Writes
  readonly #watches: WatchHub
  readonly #json: JsonCache
  readonly #usage: UsageMeter

  constructor(clock: Clock, { store, writes, watches, json, usage }: ResourceApiParts) {
    this.#clock = clock
    this.#store = store
    this.#writes = writes
    this.#watches = watches
    this.#json = json
    this.#usage = usage
  }

  /** @throws ApiError */
  async handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { path, query } = splitUrl(request.url)
    const info = parseRequest(this.#store.resources, request.method, path, query)
    this.#usage.resource(info)
    const { subresource } = info
    if (subresource === undefined) return this.#object(info, query, request, reply)
    if (subresource === 'status' || (subresource === 'finalize' && info.type === Namespaces)) {
      return this.#part(info, query, request, reply)
    }
    if (subresource === 'scale' && info.type.subresources.includes('scale')) {
      return this.#scale(info, query, request, reply)
    }
    if (info.type === Pods && (subresource === 'binding' || subresource === 'eviction')) {
      if (info.verb !== 'create') throw methodNotAllowed()
      const body = bodyOf(request)
      const status =
        subresource === 'binding'
          ? bindPod(this.#store, addressOf(info), body, isDryRun(undefined, query))
          : evictPod(this.#store, addressOf(info), body, query)
      return send(reply, status.code ?? 201, JSON.stringify(status))
    }
    throw pathNotFound()
  }

  async #object(
    info: RequestInfo,
    query: URLSearchParams,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { type, namespace, verb } = info
    if (!type.verbs.includes(verb)) throw methodNotAllowed()
    const representation = this.#representation(info, query, request)
    switch (verb) {
      case 'get':
        await waitUntilFresh(this.#clock, this.#store, parseListOptions(query, false).resourceVersion ?? 0)
        return send(reply, 200, representation.object(this.#existing(addressOf(info))))
      case 'list': {
        const options = parseListOptions(query, false)
        const selection = new Selection(type, { ...options, namespace, name: undefined })
        return sendList(reply, representation, await listPage(this.#clock, this.#store, selection, options))
      }
      case 'watch': {
        const options = parseListOptions(query, true)
        const selection = new Selection(type, { ...options, namespace, name: info.name })
        await this.#watches.open(reply.raw, { selection, representation, options }, JSON_HEADERS)
        return reply.hijack()
      }
      case 'create': {
        if (info.name !== undefined || (type.namespaced && namespace === undefined)) throw methodNotAllowed()
        const dryRun = isDryRun(undefined, query)
        const object = this.#writes.create(type, namespace, bodyOf(request), { dryRun })
        return send(reply, 201, representation.object(object))
      }
      case 'update': {
        const address = addressOf(info)
        const existed = this.#store.get(type, namespace, address.name) !== undefined
        const dryRun = isDryRun(undefined, query)
        const object = this.#writes.update(address, bodyOf(request), 'object', { dryRun })
        return send(reply, existed ? 200 : 201, representation.object(object))
      }
      case 'patch': {
        const dryRun = isDryRun(undefined, query)
        const object = this.#writes.patch(addressOf(info), patchOf(info, request), 'object', { dryRun })
        return send(reply, 200, representation.object(object))
      }
      case 'delete': {
        const { object, isGone } = deleteObject(
          this.#store,
          addressOf(info),
          parseDeleteRequest(bodyIfAny(request), query),
        )
        return send(
          reply,
          200,
          isGone && type !== Pods ? JSON.stringify(deleted(info, object)) : representation.object(object),
        )
      }
      case 'deletecollection':
        return this.#deleteCollection(info, query, request, reply, representation)
    }
  }

  #deleteCollection(
    { type, namespace }: RequestInfo,
    query: URLSearchParams,
    request: FastifyRequest,
    reply: FastifyReply,
    representation: Representation,
  ): FastifyReply {
    if (type.namespaced && namespace === undefined) throw methodNotAllowed()
    const asked = parseDeleteRequest(bodyIfAny(request), query)
    const selection = new Selection(type, { ...parseListOptions(query, false), namespace, name: undefined })
    const objects: Stored[] = []
    for (const { metadata } of listAll(this.#store, type, selection)) {
      // One deletion may take others with it, by way of the controllers.
      if (this.#store.get(type, namespace, metadata.name) === undefined) continue
      objects.push(deleteObject(this.#store, { type, namespace, name: metadata.name }, asked).object)
    }
    return sendList(reply, representation, {
      meta: { resourceVersion: String(this.#store.resourceVersion) },
      objects,
    })
  }

  /** `/status`, and a namespace's `/finalize`, which is its own spec under another path. */
  #part(info: RequestInfo, query: URLSearchParams, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (info.subresource === 'status' && !info.type.subresources.includes('status')) throw pathNotFound()
    const part = info.subresource === 'status' ? 'status' : 'object'
    const representation = this.#representation(info, query, request)
    const dryRun = isDryRun(undefined, query)
    switch (info.verb) {
      case 'get':
        return send(reply, 200, representation.object(this.#existing(addressOf(info))))
      case 'update':
        return send(
          reply,
          200,
          representation.object(this.#writes.update(addressOf(info), bodyOf(request), part, { dryRun })),
        )
      case 'patch':
        return send(
          reply,
          200,
          representation.object(this.#writes.patch(addressOf(info), patchOf(info, request), part, { dryRun })),
        )
      default:
        throw methodNotAllowed()
    }
  }

  #scale(info: RequestInfo, query: URLSearchParams, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const current = this.#existing(addressOf(info))
    let next: Stored
    switch (info.verb) {
      case 'get':
        return send(reply, 200, JSON.stringify(scaleOf(current)))
      case 'update':
        next = withScale(current, bodyOf(request))
        break
      case 'patch':
        next = withScale(current, patchOf(info, request)(scaleOf(current)))
        break
      default:
        throw methodNotAllowed()
    }
    const stored = isDryRun(undefined, query) ? next : this.#store.update(info.type, next)
    return send(reply, 200, JSON.stringify(scaleOf(stored)))
  }

  #existing({ type, namespace, name }: Address): Stored {
    const object = this.#store.get(type, namespace, name)
    if (object === undefined) throw notFound(type, name)
    return object
  }

  #representation({ type }: RequestInfo, query: URLSearchParams, request: FastifyRequest): Representation {
    switch (negotiate(request.headers.accept)) {
      case 'table':
        return tableRepresentation(() => this.#store.unixMs, type, includeObject(query))
      case 'partial':
        return partialRepresentation()
      case 'json':
        return jsonRepresentation(this.#json, type)
    }
  }
}

function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? ''
  if (value === '') return 'Metadata'
  if (value === 'Metadata' || value === 'Object' || value === 'None') return value
  throw new ApiError('BadRequest', `unrecognized includeObject value: "${value}"`)
}

export function splitUrl(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const mark = url.indexOf('?')
  return mark < 0
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) }
}

function addressOf({ type, namespace, name }: RequestInfo): Address {
  if (name === undefined) throw methodNotAllowed()
  return { type, namespace, name }
}

function mediaType(request: FastifyRequest): string {
  return (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
}

function bodyOf(request: FastifyRequest): unknown {
  const media = mediaType(request)
  if (media !== '' && media !== JSON_TYPE) throw unsupportedMediaType([JSON_TYPE])
  return parseJson(textOf(request))
}

/** DELETE may come without a body. */
function bodyIfAny(request: FastifyRequest): unknown {
  return textOf(request) === '' ? undefined : bodyOf(request)
}

function patchOf({ type, subresource }: RequestInfo, request: FastifyRequest): Patch {
  return parsePatch(mediaType(request), textOf(request), subresource === 'scale' ? {} : patchSchemaOf(type))
}

/** Bodies arrive as text, whatever their type (see server.ts). */
function textOf(request: FastifyRequest): string {
  return typeof request.body === 'string' ? request.body : ''
}

function deleted({ type }: RequestInfo, { metadata }: Stored): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: metadata.name,
      ...(type.group === '' ? {} : { group: type.group }),
      kind: type.plural,
      uid: metadata.uid,
    },
  }
}

function send(reply: FastifyReply, code: number, body: Buffer | string): FastifyReply {
  return reply
    .code(code)
    .headers(JSON_HEADERS)
    .send(typeof body === 'string' ? Buffer.from(body) : body)
}

function sendList(reply: FastifyReply, representation: Representation, page: Page): FastifyReply {
  const parts = listParts(representation, page)
  if (page.objects.length > SLICE_OBJECTS)
    return reply
      .code(200)
      .headers(JSON_HEADERS)
      .send(Readable.from(slices(parts), { objectMode: false }))
  return send(reply, 200, Buffer.concat([...parts]))
}

const COMMA = Buffer.from(',')

function* listParts(representation: Representation, { meta, objects }: Page): Generator<Buffer, void> {
  yield representation.listHead(meta)
  let first = true
  for (const object of objects) {
    if (!first) yield COMMA
    first = false
    yield representation.item(object)
  }
  yield representation.listTail
}

async function* slices(parts: Iterable<Buffer>): AsyncGenerator<Buffer, void> {
  let slice: Buffer[] = []
  for (const part of parts) {
    slice.push(part)
    // Every object comes with its comma.
    if (slice.length < 2 * SLICE_OBJECTS) continue
    yield Buffer.concat(slice)
    slice = []
    await nextTurn()
  }
  yield Buffer.concat(slice)
}
