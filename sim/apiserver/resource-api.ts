import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Status } from 'kubernetes-types/meta/v1.js'
import type { Clock } from '../../base/index.ts'
import {
  ApiError,
  apiVersionOf,
  Namespaces,
  notFound,
  type ObjectStore,
  Pods,
  type ResourceType,
  ServiceAccounts,
  type Stored,
} from '../cluster/index.ts'
import type { UserInfo } from './authentication.ts'
import { sendParts } from './compression.ts'
import { deleteObject, isDryRun, parseDeleteRequest } from './deletion.ts'
import { evictPod } from './eviction.ts'
import { waitUntilFresh } from './freshness.ts'
import { hasProtobuf } from '../schema/index.ts'
import { parseBody, parseYaml } from './body.ts'
import { JSON_TYPE } from './media-types.ts'
import { listAll, listPage, type Page } from './list.ts'
import { parseListOptions } from './list-options.ts'
import { negotiate } from './negotiation.ts'
import { APPLY_PATCH, parsePatch, type Patch } from './patch.ts'
import { bindPod } from './pod-actions.ts'
import { isObject } from './json.ts'
import type { ObjectTexts } from './object-texts.ts'
import { protobufRepresentation } from './protobuf-representation.ts'
import type { Representation } from './representation.ts'
import { jsonForm, partialForm, textRepresentation, versionedForm } from './text-form.ts'
import { refuseConnection } from './pod-connections.ts'
import { type LogFiles, readLog } from './pod-log.ts'
import { isTrue, methodNotAllowed, parseRequest, pathNotFound, type RequestInfo } from './request-info.ts'
import { parseFieldValidation } from './decode-object.ts'
import { fieldManager } from './field-managers.ts'
import { scaleOf, withScale } from './scale.ts'
import { schemaOf } from './schemas.ts'
import { Selection } from './selection.ts'
import type { ServiceAccountTokens } from './service-account-tokens.ts'
import { type IncludeObject, tableForm } from './table.ts'
import type { UsageMeter } from './usage.ts'
import type { VirtualResource } from './virtual-group.ts'
import type { WatchHub } from './watch-hub.ts'
import type { Address, Part, WriteOptions, Writes } from './writes.ts'

/** As Kubernetes sends them: nobody between client and server shall keep an answer. */
export const JSON_HEADERS = { 'content-type': JSON_TYPE, 'cache-control': 'no-cache, private' } as const
const LOG_HEADERS = { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' } as const

export interface ResourceApiParts {
  readonly store: ObjectStore
  readonly writes: Writes
  readonly watches: WatchHub
  readonly texts: ObjectTexts
  readonly usage: UsageMeter
  readonly tokens: ServiceAccountTokens
  readonly logFiles: LogFiles | undefined
  /** Kinds of which nothing is kept. */
  readonly virtual: readonly VirtualResource[]
}

/** Everything below `/api/v1/` and `/apis/<group>/<version>/`: one request in, one answer (or a watch) out. */
export class ResourceApi {
  readonly #clock: Clock
  readonly #store: ObjectStore
  readonly #writes: Writes
  readonly #watches: WatchHub
  readonly #texts: ObjectTexts
  readonly #asJson = new Map<ResourceType, Representation>()
  readonly #asProtobuf = new Map<ResourceType, Representation>()
  readonly #usage: UsageMeter
  readonly #tokens: ServiceAccountTokens
  readonly #logFiles: LogFiles | undefined
  readonly #virtual: ReadonlyMap<ResourceType, VirtualResource>

  constructor(clock: Clock, { store, writes, watches, texts, usage, tokens, virtual, logFiles }: ResourceApiParts) {
    this.#clock = clock
    this.#store = store
    this.#writes = writes
    this.#watches = watches
    this.#texts = texts
    this.#usage = usage
    this.#tokens = tokens
    this.#logFiles = logFiles
    this.#virtual = new Map(virtual.map(resource => [resource.type, resource]))
    for (const type of this.#virtual.keys()) store.resources.addVirtual(type)
  }

  /** @throws ApiError */
  async handle(request: FastifyRequest, reply: FastifyReply, user: UserInfo): Promise<FastifyReply> {
    const { path, query } = splitUrl(request.url)
    const info = parseRequest(this.#store.resources, request.method, path, query)
    const { subresource } = info
    this.#usage.resource(request.raw, info, info.verb === 'watch' || isTrue(query.get('follow')))
    const virtual = this.#virtual.get(info.type)
    if (virtual !== undefined) return sendVirtual(virtual, info, query, request, reply, user)
    if (subresource === undefined) return this.#object(info, query, request, reply)
    if (subresource === 'status' || (subresource === 'finalize' && info.type === Namespaces)) {
      return this.#part(info, query, request, reply)
    }
    if (subresource === 'scale' && info.type.subresources.includes('scale')) {
      return this.#scale(info, query, request, reply)
    }
    if (info.type === Pods && (subresource === 'binding' || subresource === 'eviction')) {
      if (info.verb !== 'create') throw methodNotAllowed()
      const body = bodyOf(info, request)
      const status =
        subresource === 'binding'
          ? bindPod(this.#store, addressOf(info), body, isDryRun(undefined, query))
          : evictPod(this.#store, addressOf(info), body, query)
      return send(reply, status.code ?? 201, JSON.stringify(status))
    }
    if (info.type === Pods && subresource === 'log') {
      if (info.verb !== 'get') throw methodNotAllowed()
      await sendParts(
        reply.code(200).headers(LOG_HEADERS),
        readLog(this.#clock, this.#store, addressOf(info), query, () => reply.raw.destroyed, this.#logFiles),
        isTrue(query.get('follow')),
      )
      return reply
    }
    if (info.type === ServiceAccounts && subresource === 'token') {
      if (info.verb !== 'create') throw methodNotAllowed()
      const { namespace = '', name } = addressOf(info)
      return send(reply, 201, JSON.stringify(this.#tokens.issue(namespace, name, bodyOf(info, request))))
    }
    refuseConnection(this.#store, addressOf(info), subresource)
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
        return sendObject(reply, 200, representation, this.#existing(addressOf(info)))
      case 'list': {
        const options = parseListOptions(query, false)
        const selection = new Selection(type, { ...options, namespace, name: undefined })
        return sendList(reply, representation, await listPage(this.#clock, this.#store, selection, options))
      }
      case 'watch': {
        const options = parseListOptions(query, true)
        const selection = new Selection(type, { ...options, namespace, name: info.name })
        const headers = { ...JSON_HEADERS, 'content-type': representation.watchContentType }
        await this.#watches.open(reply.raw, { selection, representation, options }, headers)
        return reply.hijack()
      }
      case 'create': {
        if (info.name !== undefined || (type.namespaced && namespace === undefined)) throw methodNotAllowed()
        const object = this.#writes.create(type, namespace, bodyOf(info, request), writeOptions(query, request, reply))
        return sendObject(reply, 201, representation, object)
      }
      case 'update': {
        const address = addressOf(info)
        const existed = this.#store.get(type, namespace, address.name) !== undefined
        const object = this.#writes.update(
          address,
          bodyOf(info, request),
          'object',
          writeOptions(query, request, reply),
        )
        return sendObject(reply, existed ? 200 : 201, representation, object)
      }
      case 'patch':
        return this.#patch(info, query, request, reply, 'object')
      case 'delete': {
        const { object, isGone } = deleteObject(
          this.#store,
          addressOf(info),
          parseDeleteRequest(bodyIfAny(request), query),
        )
        return isGone && type !== Pods
          ? send(reply, 200, JSON.stringify(deleted(info, object)))
          : sendObject(reply, 200, representation, object)
      }
      case 'deletecollection':
        return this.#deleteCollection(info, query, request, reply, representation)
    }
  }

  async #deleteCollection(
    { type, namespace }: RequestInfo,
    query: URLSearchParams,
    request: FastifyRequest,
    reply: FastifyReply,
    representation: Representation,
  ): Promise<FastifyReply> {
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
    switch (info.verb) {
      case 'get':
        return sendObject(reply, 200, representation, this.#existing(addressOf(info)))
      case 'update': {
        const object = this.#writes.update(
          addressOf(info),
          bodyOf(info, request),
          part,
          writeOptions(query, request, reply),
        )
        return sendObject(reply, 200, representation, object)
      }
      case 'patch':
        return this.#patch(info, query, request, reply, part)
      default:
        throw methodNotAllowed()
    }
  }

  #patch(
    info: RequestInfo,
    query: URLSearchParams,
    request: FastifyRequest,
    reply: FastifyReply,
    part: Part,
  ): FastifyReply {
    const representation = this.#representation(info, query, request)
    const options = writeOptions(query, request, reply)
    if (mediaType(request) !== APPLY_PATCH) {
      const patched = this.#writes.patch(addressOf(info), patchOf(info, request), part, options)
      return sendObject(reply, 200, representation, patched)
    }
    if ((query.get('fieldManager') ?? '') === '') {
      throw new ApiError(
        'Invalid',
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      )
    }
    const force = query.has('force') && isTrue(query.get('force'))
    const body = converted(info, parseYaml(textOf(request)))
    const { object, isCreated } = this.#writes.apply(addressOf(info), body, part, { ...options, force })
    return sendObject(reply, isCreated ? 201 : 200, representation, object)
  }

  #scale(info: RequestInfo, query: URLSearchParams, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const current = this.#existing(addressOf(info))
    let next: Stored
    switch (info.verb) {
      case 'get':
        return send(reply, 200, JSON.stringify(scaleOf(current)))
      case 'update':
        next = withScale(current, bodyOf(info, request))
        break
      case 'patch':
        next = withScale(current, patchOf(info, request).apply(scaleOf(current)))
        break
      default:
        throw methodNotAllowed()
    }
    const stored = this.#writes.scale(info.type, current, next, writeOptions(query, request, reply))
    return send(reply, 200, JSON.stringify(scaleOf(stored)))
  }

  #existing({ type, namespace, name }: Address): Stored {
    const object = this.#store.get(type, namespace, name)
    if (object === undefined) throw notFound(type, name)
    return object
  }

  #representation({ type, servedAs }: RequestInfo, query: URLSearchParams, request: FastifyRequest): Representation {
    switch (negotiate(request.headers.accept, hasProtobuf(servedAs.group, servedAs.version, servedAs.kind))) {
      case 'table':
        return textRepresentation(tableForm(() => this.#store.unixMs, type, includeObject(query)))
      case 'partial':
        return textRepresentation(partialForm())
      case 'protobuf':
        return sharedBy(this.#asProtobuf, servedAs, () => protobufRepresentation(servedAs))
      case 'json':
        return sharedBy(this.#asJson, servedAs, () =>
          textRepresentation(type === servedAs ? jsonForm(this.#texts, type) : versionedForm(servedAs)),
        )
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

/** The object of a request, as the type that is stored: versions of a custom resource differ in nothing but their name. */
function bodyOf(info: RequestInfo, request: FastifyRequest): unknown {
  return converted(info, parseBody(mediaType(request), bytesOf(request)))
}

function converted({ type, servedAs }: RequestInfo, body: unknown): unknown {
  return type !== servedAs && isObject(body) && body.apiVersion === apiVersionOf(servedAs)
    ? { ...body, apiVersion: apiVersionOf(type) }
    : body
}

/** DELETE may come without a body. */
function bodyIfAny(request: FastifyRequest): unknown {
  return bytesOf(request).length === 0 ? undefined : parseBody(mediaType(request), bytesOf(request))
}

function patchOf({ type, subresource }: RequestInfo, request: FastifyRequest): Patch {
  return parsePatch(mediaType(request), textOf(request), subresource === 'scale' ? undefined : schemaOf(type))
}

function textOf(request: FastifyRequest): string {
  return bytesOf(request).toString()
}

/** Bodies arrive as bytes, whatever their type (see server.ts). */
function bytesOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : NO_BYTES
}

const NO_BYTES = Buffer.alloc(0)

function writeOptions(query: URLSearchParams, request: FastifyRequest, reply: FastifyReply): WriteOptions {
  const warnings: string[] = []
  return {
    dryRun: isDryRun(undefined, query),
    manager: fieldManager(query, request.headers['user-agent']),
    fieldValidation: parseFieldValidation(query),
    warn: text => {
      warnings.push(`299 - ${JSON.stringify(text)}`)
      reply.header('warning', warnings)
    },
  }
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

/** The same for all who ask, so that watches see that they are told the same. */
function sharedBy(
  known: Map<ResourceType, Representation>,
  type: ResourceType,
  make: () => Representation,
): Representation {
  let representation = known.get(type)
  if (representation === undefined) {
    representation = make()
    known.set(type, representation)
  }
  return representation
}

function sendObject(reply: FastifyReply, code: number, representation: Representation, object: Stored): FastifyReply {
  const body = representation.object(object)
  return reply
    .code(code)
    .headers({ ...JSON_HEADERS, 'content-type': representation.contentType })
    .send(typeof body === 'string' ? Buffer.from(body) : body)
}

async function sendList(reply: FastifyReply, representation: Representation, page: Page): Promise<FastifyReply> {
  const headers = { ...JSON_HEADERS, 'content-type': representation.contentType }
  await sendParts(reply.code(200).headers(headers), representation.list(page.meta, page.objects))
  return reply
}

/** @throws ApiError */
async function sendVirtual(
  virtual: VirtualResource,
  { verb, namespace, name, subresource }: RequestInfo,
  query: URLSearchParams,
  request: FastifyRequest,
  reply: FastifyReply,
  user: UserInfo,
): Promise<FastifyReply> {
  if (subresource !== undefined) throw pathNotFound()
  if (!virtual.type.verbs.includes(verb)) throw methodNotAllowed()
  const body = (): unknown => parseBody(mediaType(request), bytesOf(request))
  const { accept } = request.headers
  const answered = await virtual.answer({ verb, namespace, name, query, accept, body, user })
  return send(reply, verb === 'create' ? 201 : 200, JSON.stringify(answered))
}
