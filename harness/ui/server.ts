import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Clock } from '../../base/index.ts'
import { loadAssets } from './assets.ts'
import type { Control } from './control.ts'
import { portUnavailable } from './errors.ts'
import type { Feed, Sink } from './feed.ts'
import { shell } from './shell.ts'

export interface UiServerOptions {
  /** 0 picks a free one. */
  readonly port: number
  readonly feed: Feed
  /** What the page may do; absent: it only shows, and nothing but GET is answered. */
  readonly control?: Control
  /** `report.html`, once there is one. */
  readonly report?: () => string | undefined
}

export interface UiServer {
  readonly url: string
  /** For `inject`. */
  readonly app: FastifyInstance
  /** Ends at once, but for what browsers are still taking: they have a quarter of a second. */
  close(): Promise<void>
}

/** How long the last message may take to leave when the server ends. */
const FAREWELL_MS = 250
const POLL_MS = 10
const LISTENERS_MAX = 64
const BODY_BYTES_MAX = 16 * 1024

/** Styles in elements are let in for the report, which the page can open when this server is gone. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const

/**
 * Serves the page, its events and, where there is a control, its actions: on 127.0.0.1 only, to requests that name this
 * machine as their host, so that no web page elsewhere reaches it by a name of its own (DNS rebinding).
 *
 * `clock` must not keep the process alive. Open browsers do not either.
 *
 * @throws UiError CHURN_UI_PORT
 */
export async function serveUi(clock: Clock, options: UiServerOptions): Promise<UiServer> {
  const { feed, control } = options
  const assets = loadAssets()
  const page = shell(control === undefined ? {} : { control: control.form() })
  const app = fastify({
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    bodyLimit: BODY_BYTES_MAX,
  })
  let port = options.port

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS)
    const refusal = refusalOf(request, port)
    if (refusal !== undefined) await reply.code(403).type('text/plain; charset=utf-8').send(`${refusal}\n`)
  })
  app.setNotFoundHandler((request, reply) => {
    const isKnown = request.method === 'GET' || (control !== undefined && request.url === '/actions')
    if (isKnown) return reply.code(404).type('text/plain; charset=utf-8').send('not found\n')
    return reply.code(405).header('allow', 'GET').type('text/plain; charset=utf-8').send('only GET is answered here\n')
  })
  app.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(page))
  for (const [path, { type, body }] of assets) app.get(path, (_request, reply) => reply.type(type).send(body))
  app.get('/events', (request, reply) => openStream(feed, request, reply))
  app.get('/report.html', (_request, reply) => {
    const html = options.report?.()
    if (html === undefined) return reply.code(404).type('text/plain; charset=utf-8').send('there is no report yet\n')
    // The report brings a policy of its own, for the scripts and styles that are in it.
    return reply.removeHeader('content-security-policy').type('text/html; charset=utf-8').send(html)
  })
  if (control !== undefined) control.addRoutes(app)

  try {
    await app.listen({ host: '127.0.0.1', port })
  } catch (error) {
    await app.close()
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    throw portUnavailable(port, error)
  }
  port = (app.server.address() as AddressInfo).port
  app.server.unref()

  const close = async (): Promise<void> => {
    for (let waitedMs = 0; feed.isDraining && waitedMs < FAREWELL_MS; waitedMs += POLL_MS) {
      await new Promise<void>(resolve => clock.schedule(POLL_MS, resolve))
    }
    feed.close()
    await app.close()
  }
  return { url: `http://127.0.0.1:${port}/`, app, close }
}

/** Why a request is none of ours; undefined when it is. */
function refusalOf(request: FastifyRequest, port: number): string | undefined {
  const { host, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    return `this page is served to 127.0.0.1:${port} and localhost:${port} only`
  }
  // A link from elsewhere may lead here; a script from elsewhere may not ask.
  if (site === 'cross-site' && mode !== 'navigate') return 'other sites may not ask here'
  return undefined
}

function openStream(feed: Feed, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (feed.listeners >= LISTENERS_MAX) {
    return reply.code(503).type('text/plain; charset=utf-8').send('too many open pages\n')
  }
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
  })
  raw.socket?.setNoDelay(true)
  const lastEventId = request.headers['last-event-id']
  const leave = feed.join(sinkOf(raw), typeof lastEventId === 'string' ? lastEventId : undefined)
  raw.on('close', leave)
  // A connection that breaks is a browser that left.
  raw.on('error', leave)
  return reply
}

function sinkOf(raw: ServerResponse): Sink {
  return {
    write(chunk) {
      if (!raw.destroyed) raw.write(chunk)
    },
    get backlogBytes() {
      return raw.writableLength
    },
    destroy() {
      raw.destroy()
    },
  }
}
