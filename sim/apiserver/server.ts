import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { assert, type Clock } from '../../base/index.ts'
import { ApiError, type Catalogue, type ObjectStore, startNamespaceLifecycle } from '../cluster/index.ts'
import type { ApiUsage } from '../messages.ts'
import { startCustomResources } from './custom/custom-resources.ts'
import { accessReviews } from './access-reviews.ts'
import { apiMetrics, METRICS_TYPE } from './api-metrics.ts'
import { ADMIN, Authentication, type TokenGrant, type UserInfo } from './authentication.ts'
import { Authorization, type Permission } from './authorization.ts'
import type { ClientCertificate, ServerCertificate } from './certificates.ts'
import { type Disturbance, type DisturbedRequest, Disturbances } from './disturbances.ts'
import { AGGREGATED, aggregated, coreVersions, group, groupList, resourceList, wantsAggregated } from './discovery.ts'
import { portUnavailable } from './errors.ts'
import { Listening } from './listening.ts'
import { openApiOf, openApiRoot } from './openapi.ts'
import { ObjectTexts } from './object-texts.ts'
import { methodNotAllowed, parseRequest, pathNotFound } from './request-info.ts'
import type { LogFiles } from './pod-log.ts'
import { JSON_HEADERS, ResourceApi, splitUrl } from './resource-api.ts'
import { ServiceAccountTokens } from './service-account-tokens.ts'
import { UsageMeter } from './usage.ts'
import { KUBERNETES_VERSION } from './version.ts'
import type { VirtualResource } from './virtual-group.ts'
import { WatchHub } from './watch-hub.ts'
import { Writes } from './writes.ts'

export interface ApiServerOptions {
  /** A loopback address: the server is for this machine only. */
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** HTTPS with an authority of its own; plain HTTP otherwise. */
  readonly tls: boolean
  /**
   * Bearer tokens that are let in, and whose they are; a mere token is the administrator's. Default: one that is made up
   * and handed out as `ApiServer.token`. Client certificates that this server has issued are let in besides.
   */
  readonly tokens?: readonly (string | TokenGrant)[]
  /** What users may, by their name; who is not named may everything. */
  readonly limits?: Readonly<Record<string, readonly Permission[]>>
  /** Further kinds of which nothing is kept. */
  readonly virtual?: readonly VirtualResource[]
  /** Default 60 000, as in Kubernetes. */
  readonly bookmarkIntervalMs?: number
  /** Bytes that may wait for a watcher that does not read, before its watch ends with 410. Default 16 MiB. */
  readonly watchQueuedBytesMax?: number
  /** How a watch from too old a version is refused: 410 as an ERROR event (default, as Kubernetes does) or as HTTP status. */
  readonly expiredAs?: 'event' | 'status'
  /** Toleration of failed nodes that pods are given when created. Default 300, as in Kubernetes. */
  readonly tolerationSeconds?: number
  /** Where the programs of containers write to. Default: no container runs one. */
  readonly logFiles?: LogFiles
  /** Hears of errors that are our own mistakes; clients see a 500. */
  readonly onInternalError?: (error: unknown) => void
}

export interface ApiServer {
  readonly url: string
  /** Certificate of the authority that clients must trust; empty for plain HTTP. */
  readonly caPem: string
  readonly token: string
  /** Whether a bearer token is somebody's; what kubelets ask of it by a TokenReview. */
  isKnown(token: string): boolean
  /** For `inject`. */
  readonly app: FastifyInstance
  /** Since the start. */
  usage(): ApiUsage
  /** Makes a certificate that lets its holder in as `user`, a member of `groups`. Only with TLS. */
  issueCertificate(user: string, groups: readonly string[]): Promise<ClientCertificate>
  /** Breaks all open watches without a word, as a lost network would. */
  dropWatches(): void
  /** Ends all open watches with an ERROR event that says 410. */
  expireWatches(): void
  /** Ends all open watches cleanly before their time, and without the bookmark that would say how far they are. */
  endWatches(): void
  /**
   * Each n-th open watch falls silent: its connection stays open, and nothing comes over it any more. Returns what resets
   * these connections.
   */
  silenceWatches(every: number): () => void
  /**
   * Stops listening and breaks all connections, as a server does that is killed. Returns what starts it again, at the same
   * address and with no memory of what was before.
   */
  goDown(): () => void
  /** Makes requests or watches slow, faulty or lets them fail, until the function that it returns is called. */
  disturb(disturbance: Disturbance): () => void
  /** Forgets the watch history: whoever resumes from before is answered with 410. Open watches go on. */
  expireHistory(): void
  close(): Promise<void>
}

const KEEP_ALIVE_MS = 600_000
const BODY_BYTES_MAX = 3 * 1024 * 1024
const PUBLIC_PATHS = new Set(['/healthz', '/livez', '/readyz', '/version'])
const CHECKS = ['ping', 'log', 'etcd', 'informer-sync', 'poststarthook/start-apiserver-admission-initializer'] as const

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
  const grants = (options.tokens ?? [randomBytes(24).toString('base64url')]).map(grant =>
    typeof grant === 'string' ? { ...ADMIN, token: grant } : grant,
  )
  const certificate = options.tls ? await certify(clock, options.host) : undefined
  const usage = new UsageMeter()
  const texts = new ObjectTexts()
  const endLifecycle = startNamespaceLifecycle(store)
  const endCustomResources = startCustomResources(store, type => watches.endOf(type))
  const disturbances = new Disturbances(clock)
  const watches = new WatchHub(clock, store, texts, {
    disturbances,
    bookmarkIntervalMs: options.bookmarkIntervalMs ?? 60_000,
    queuedBytesMax: options.watchQueuedBytesMax ?? 16 * 1024 * 1024,
    expiredAs: options.expiredAs ?? 'event',
  })
  const writes = new Writes(store, { tolerationSeconds: options.tolerationSeconds ?? 300 })
  const tokens = new ServiceAccountTokens(clock, store)
  const authentication = new Authentication(grants, tokens)
  const authorization = new Authorization(options.limits)
  const virtual = [...accessReviews(authentication, authorization), ...(options.virtual ?? [])]
  const resources = new ResourceApi(clock, {
    store,
    writes,
    watches,
    texts,
    usage,
    tokens,
    virtual,
    logFiles: options.logFiles,
  })

  const users: Users = new WeakMap()
  const app = await createApp(
    certificate,
    { usage, disturbances, authentication, authorization, users, catalogue: store.resources },
    options.onInternalError,
  )
  let url = ''
  const metrics = (): string => apiMetrics(store, usage, watches.eventsSent())
  addRoutes(app, {
    catalogue: store.resources,
    resources,
    users,
    metrics,
    address: () => url.replace(/^https?:\/\//, ''),
  })
  usage.attach(app.server, options.tls ? 'secureConnection' : 'connection')
  let listening: Listening | undefined

  const close = async (): Promise<void> => {
    endLifecycle()
    endCustomResources()
    listening?.close()
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
  const { port } = app.server.address() as AddressInfo
  url = `${options.tls ? 'https' : 'http'}://${options.host}:${port}`
  // What a server remembers when it starts is what is there, and nothing of how it came to be.
  listening = new Listening(clock, app.server, { host: options.host, port }, () => store.compact())
  const listener = listening
  return {
    url,
    caPem: certificate?.ca ?? '',
    token: grants[0]?.token ?? '',
    isKnown: token => authentication.byToken(token) !== undefined,
    app,
    usage: () => usage.snapshot(),
    issueCertificate: (user, groups) => {
      assert(certificate !== undefined, 'certificates are for TLS')
      return certificate.issue(user, groups)
    },
    dropWatches: () => watches.drop(),
    endWatches: () => watches.end(),
    silenceWatches: every => watches.silence(every),
    goDown: () => {
      const up = listener.down()
      usage.disconnect()
      return up
    },
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

/** Who sent a request that is being answered. */
type Users = WeakMap<FastifyRequest, UserInfo>

interface AppParts {
  readonly usage: UsageMeter
  readonly disturbances: Disturbances
  readonly authentication: Authentication
  readonly authorization: Authorization
  readonly users: Users
  readonly catalogue: Catalogue
}

async function createApp(
  certificate: ServerCertificate | undefined,
  parts: AppParts,
  onInternalError: ApiServerOptions['onInternalError'],
): Promise<FastifyInstance> {
  const { usage, disturbances, catalogue } = parts
  const { default: fastify } = await import('fastify')
  const app = fastify({
    https:
      certificate === undefined
        ? null
        : {
            key: certificate.key,
            cert: certificate.cert,
            // Who shows a certificate is known by it; who has none may have a token.
            ca: certificate.ca,
            requestCert: true,
            rejectUnauthorized: false,
          },
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
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const refusal = toApiError(error)
    if (refusal.reason === 'InternalError') onInternalError?.(error)
    return sendError(reply, refusal)
  })
  app.setNotFoundHandler((_request, reply) => sendError(reply, pathNotFound()))
  const answered = (request: FastifyRequest, reply: FastifyReply): void =>
    usage.answered(request.raw, reply.raw.statusCode, reply.elapsedTime / 1000)
  app.addHook('onRequest', async (request, reply) => {
    usage.request()
    // Of a client that leaves, the hook for answers hears nothing.
    reply.raw.once('close', () => answered(request, reply))
    letIn(request, parts)
    if (disturbances.isQuiet) return
    const refusal = await disturbances.meet(disturbedRequest(catalogue, request))
    // Sent rather than thrown: this is no error of ours.
    if (refusal !== undefined) await sendError(reply, refusal)
  })
  app.addHook('onResponse', async (request, reply) => answered(request, reply))
  return app
}

/** @throws ApiError Unauthorized, Forbidden */
function letIn(request: FastifyRequest, { authentication, authorization, users }: AppParts): void {
  const { path, query } = splitUrl(request.url)
  const user = authentication.user(request.raw)
  if (user === 'unknown' || (user === undefined && !isPublic(path))) throw new ApiError('Unauthorized', 'Unauthorized')
  if (user === undefined) return
  users.set(request, user)
  authorization.check(user, request.method, path, query)
}

function isPublic(path: string): boolean {
  return PUBLIC_PATHS.has(path) || /^\/(?:livez|readyz|healthz)\//.test(path)
}

function disturbedRequest(catalogue: Catalogue, { method, url }: FastifyRequest): DisturbedRequest {
  const { path, query } = splitUrl(url)
  try {
    const { verb } = parseRequest(catalogue, method, path, query)
    return { verb, isResumed: verb === 'watch' && !['', '0'].includes(query.get('resourceVersion') ?? '') }
  } catch {
    // It will be told what is wrong with it, unless it is refused before.
    return { verb: undefined, isResumed: false }
  }
}

interface RouteParts {
  readonly catalogue: Catalogue
  readonly resources: ResourceApi
  readonly users: Users
  readonly metrics: () => string
  readonly address: () => string
}

function addRoutes(app: FastifyInstance, { catalogue, resources, users, metrics, address }: RouteParts): void {
  for (const name of ['healthz', 'livez', 'readyz']) {
    app.get(`/${name}`, (request, reply) => {
      const isVerbose = splitUrl(request.url).query.has('verbose')
      const checks = CHECKS.map(check => `[+]${check} ok\n`).join('')
      return reply.type('text/plain; charset=utf-8').send(isVerbose ? `${checks}${name} check passed\n` : 'ok')
    })
    for (const check of CHECKS) {
      app.get(`/${name}/${check}`, (_request, reply) => reply.type('text/plain; charset=utf-8').send('ok'))
    }
  }
  app.get('/metrics', (_request, reply) => reply.headers({ 'content-type': METRICS_TYPE }).send(Buffer.from(metrics())))
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
    resources.handle(request, reply, users.get(request)!)
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
