import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Clock } from '../../base/index.ts'
import {
  ApiError,
  type Catalogue,
  type ObjectStore,
  startNamespaceLifecycle,
  type VirtualKind,
} from '../cluster/index.ts'
import type { ApiUsage } from '../messages.ts'
import type { ServerCertificate } from './certificates.ts'
import { type Disturbance, Disturbances } from './disturbances.ts'
import { AGGREGATED, aggregated, coreVersions, group, groupList, resourceList, wantsAggregated } from './discovery.ts'
import { portUnavailable } from './errors.ts'
import { openApiOf, openApiRoot } from './openapi.ts'
import { JsonCache } from './representation.ts'
import { methodNotAllowed, pathNotFound } from './request-info.ts'
import { JSON_HEADERS, ResourceApi, splitUrl } from './resource-api.ts'
import { UsageMeter } from './usage.ts'
import { KUBERNETES_VERSION } from './version.ts'
import { WatchHub } from './watch-hub.ts'
import { Writes } from './writes.ts'

export interface ApiServerOptions {
  /** A loopback address: the server is for this machine only. */
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** HTTPS with an authority of its own; plain HTTP otherwise. */
  readonly tls: boolean
  /** Bearer tokens that are let in. Default: one that is made up and handed out as `ApiServer.token`. */
  readonly tokens?: readonly string[]
  /** Default 60 000, as in Kubernetes. */
  readonly bookmarkIntervalMs?: number
  /** Bytes that may wait for a watcher that does not read, before it is dropped. Default 16 MiB. */
  readonly watchQueuedBytesMax?: number
  /** How a watch from too old a version is refused: 410 as an ERROR event (default, as Kubernetes does) or as HTTP status. */
  readonly expiredAs?: 'event' | 'status'
  /** Toleration of failed nodes that pods are given when created. Default 300, as in Kubernetes. */
  readonly tolerationSeconds?: number
  /** Kinds that are served though nobody stores them; they are added to the store's catalogue. */
  readonly virtual?: readonly VirtualKind[]
  /** Hears of errors that are our own mistakes; clients see a 500. */
  readonly onInternalError?: (error: unknown) => void
}

export interface ApiServer {
  readonly url: string
  /** Certificate of the authority that clients must trust; empty for plain HTTP. */
  readonly caPem: string
  readonly token: string
  /** For `inject`. */
  readonly app: FastifyInstance
  /** Since the start. */
  usage(): ApiUsage
  /** Breaks all open watches without a word, as a lost network would. */
  dropWatches(): void
  /** Ends all open watches with an ERROR event that says 410. */
  expireWatches(): void
  /** Makes requests slow or lets them fail, until the function that it returns is called. Open watches go on. */
  disturb(disturbance: Disturbance): () => void
  /** Forgets the watch history: whoever resumes from before is answered with 410. Open watches go on. */
  expireHistory(): void
  close(): Promise<void>
}

const KEEP_ALIVE_MS = 600_000
const BODY_BYTES_MAX = 3 * 1024 * 1024
const PUBLIC_PATHS = new Set(['/healthz', '/livez', '/readyz', '/version'])

/**
 * The Kubernetes HTTP API over a store.
 *
 * `clock` is the machine's own: it times bookmarks and time-outs of real connections, whereas the objects carry the
 * planned time of the store. Everything runs on the caller's thread, and a request sees the store between two of its
 * changes, never in the middle of one.
 *
 * @throws CodedError CHURN_API_PORT
 */
export async function createApiServer(clock: Clock, store: ObjectStore, options: ApiServerOptions): Promise<ApiServer> {
  const tokens = options.tokens ?? [randomBytes(24).toString('base64url')]
  const certificate = options.tls ? await certify(clock, options.host) : undefined
  const usage = new UsageMeter()
  const json = new JsonCache()
  const endLifecycle = startNamespaceLifecycle(store)
  const watches = new WatchHub(clock, store, json, {
    bookmarkIntervalMs: options.bookmarkIntervalMs ?? 60_000,
    queuedBytesMax: options.watchQueuedBytesMax ?? 16 * 1024 * 1024,
    expiredAs: options.expiredAs ?? 'event',
  })
  const writes = new Writes(store, { tolerationSeconds: options.tolerationSeconds ?? 300 })
  const virtual = new Map((options.virtual ?? []).map(kind => [kind.type, kind]))
  for (const type of virtual.keys()) store.resources.add(type)
  const resources = new ResourceApi(clock, { store, writes, watches, json, usage, virtual })

  const disturbances = new Disturbances(clock)
  const app = createApp(certificate, new Set(tokens), { usage, disturbances }, options.onInternalError)
  let url = ''
  addRoutes(app, store.resources, resources, () => url.replace(/^https?:\/\//, ''))
  usage.attach(app.server, options.tls ? 'secureConnection' : 'connection')

  const close = async (): Promise<void> => {
    endLifecycle()
    watches.close()
    await app.close()
  }
  try {
    await app.listen({ host: options.host, port: options.port })
  } catch (error) {
    await close()
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    throw portUnavailable(options.host, options.port, error)
  }
  url = `${options.tls ? 'https' : 'http'}://${options.host}:${(app.server.address() as AddressInfo).port}`
  return {
    url,
    caPem: certificate?.ca ?? '',
    token: tokens[0] ?? '',
    app,
    usage: () => usage.snapshot(),
    dropWatches: () => watches.drop(),
    disturb: disturbance => disturbances.add(disturbance),
    expireWatches: () =>
      watches.fail(new ApiError('Expired', 'The resourceVersion for the provided watch is too old.')),
    expireHistory: () => store.compact(),
    close,
  }
}

/** Loaded on demand: the X.509 library takes 150 ms (Node 20.20, 2 cores, 2026-11) that only this thread shall pay. */
async function certify(clock: Clock, host: string): Promise<ServerCertificate> {
  const { createServerCertificate } = await import('./certificates.ts')
  return createServerCertificate(clock, host)
}

function createApp(
  certificate: ServerCertificate | undefined,
  tokens: ReadonlySet<string>,
  parts: { readonly usage: UsageMeter; readonly disturbances: Disturbances },
  onInternalError: ApiServerOptions['onInternalError'],
): FastifyInstance {
  const app = fastify({
    https: certificate === undefined ? null : { key: certificate.key, cert: certificate.cert },
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: true,
    // Clients keep connections for long; one that we close in the moment they use it again looks like a failure.
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { ignoreTrailingSlash: true },
    exposeHeadRoutes: false,
    frameworkErrors: (_error, _request, reply) => {
      void sendError(reply, pathNotFound())
    },
  }) as unknown as FastifyInstance
  // Media types are judged by the handlers, in Kubernetes' words.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const refusal = toApiError(error)
    if (refusal.reason === 'InternalError') onInternalError?.(error)
    return sendError(reply, refusal)
  })
  app.setNotFoundHandler((_request, reply) => sendError(reply, pathNotFound()))
  app.addHook('onRequest', async (request, reply) => {
    parts.usage.request()
    if (!isLetIn(request, tokens)) throw new ApiError('Unauthorized', 'Unauthorized')
    if (parts.disturbances.isQuiet) return
    const refusal = await parts.disturbances.meet()
    // Sent rather than thrown: this is no error of ours.
    if (refusal !== undefined) await sendError(reply, refusal)
  })
  return app
}

function isLetIn(request: FastifyRequest, tokens: ReadonlySet<string>): boolean {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  // A wrong token is refused even where none is needed.
  if (token !== undefined) return tokens.has(token.trim())
  const { path } = splitUrl(request.url)
  return (
    PUBLIC_PATHS.has(path) || path.startsWith('/livez/') || path.startsWith('/readyz/') || path.startsWith('/healthz/')
  )
}

function addRoutes(app: FastifyInstance, catalogue: Catalogue, resources: ResourceApi, address: () => string): void {
  for (const name of ['healthz', 'livez', 'readyz']) {
    app.get(`/${name}`, (request, reply) => {
      const isVerbose = splitUrl(request.url).query.has('verbose')
      return reply.type('text/plain; charset=utf-8').send(isVerbose ? `[+]ping ok\n${name} check passed\n` : 'ok')
    })
    app.get(`/${name}/ping`, (_request, reply) => reply.type('text/plain; charset=utf-8').send('ok'))
  }
  app.get('/version', () => KUBERNETES_VERSION)
  app.get('/api', (request, reply) =>
    wantsAggregated(request.headers.accept)
      ? sendAggregated(reply, catalogue, true)
      : reply.send(coreVersions(address())),
  )
  app.get('/apis', (request, reply) =>
    wantsAggregated(request.headers.accept)
      ? sendAggregated(reply, catalogue, false)
      : reply.send(groupList(catalogue)),
  )
  app.get('/api/v1', () => known(resourceList(catalogue, '', 'v1')))
  app.get<{ Params: { group: string } }>('/apis/:group', request => known(group(catalogue, request.params.group)))
  app.get<{ Params: { group: string; version: string } }>('/apis/:group/:version', request =>
    known(resourceList(catalogue, request.params.group, request.params.version)),
  )
  app.get('/openapi/v3', () => openApiRoot(catalogue))
  app.get<{ Params: { '*': string } }>('/openapi/v3/*', request => known(openApiOf(catalogue, request.params['*'])))

  const handle = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    resources.handle(request, reply)
  app.all('/api/v1/*', handle)
  app.all('/apis/*', handle)
}

/** As bytes: fastify would add a charset to text, and quotes to the parameters. */
function sendAggregated(reply: FastifyReply, catalogue: Catalogue, core: boolean): FastifyReply {
  return reply.headers({ 'content-type': AGGREGATED }).send(Buffer.from(JSON.stringify(aggregated(catalogue, core))))
}

function known(document: object | undefined): object {
  if (document === undefined) throw pathNotFound()
  return document
}

function toApiError(error: FastifyError | ApiError): ApiError {
  if (error instanceof ApiError) return error
  switch (error.statusCode) {
    case 400:
      return new ApiError('BadRequest', error.message)
    case 404:
      return pathNotFound()
    case 405:
      return methodNotAllowed()
    case 413:
      return new ApiError('RequestEntityTooLarge', `Request entity too large: limit is ${BODY_BYTES_MAX}`)
    case 415:
      return new ApiError('UnsupportedMediaType', error.message)
    default:
      return new ApiError('InternalError', `Internal error occurred: ${error.message}`, {
        causes: [{ message: error.message }],
      })
  }
}

function sendError(reply: FastifyReply, error: ApiError): FastifyReply {
  const retryAfterS = error.details?.retryAfterSeconds
  if (retryAfterS !== undefined) reply.header('retry-after', String(retryAfterS))
  return reply
    .code(error.code)
    .headers(JSON_HEADERS)
    .send(Buffer.from(JSON.stringify(error.toStatus())))
}
