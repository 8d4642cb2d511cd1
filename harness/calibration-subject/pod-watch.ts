import { Client, type Dispatcher } from 'undici'
import { type Clock, describeError } from '../../base/index.ts'
import type { Config } from './config.ts'

/** As much of a Pod object as is needed to scrape it. */
export interface Pod {
  readonly metadata: {
    readonly uid: string
    readonly name: string
    readonly namespace: string
    readonly resourceVersion: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: { readonly nodeName?: string }
  readonly status?: { readonly phase?: string; readonly podIP?: string }
}

interface PodList {
  readonly metadata: { readonly resourceVersion: string }
  readonly items: readonly Pod[]
}

type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: Pod }
  | { readonly type: 'ERROR'; readonly object: { readonly code?: number; readonly message?: string } }

export interface PodWatchListener {
  /** A pod is there, or has changed. */
  onPod(pod: Pod): void
  onGone(uid: string): void
}

const RETRY_MS = 100

/**
 * All pods of a cluster: a list, then a watch from there; when the watch ends, for whatever reason, a list again.
 *
 *   listing ──▶ watching ──ends, fails, 410──▶ waiting 100 ms ──▶ listing
 */
export class PodWatch {
  /** Settles when the first list has been read. */
  readonly ready: Promise<void>
  readonly #clock: Clock
  readonly #client: Client
  readonly #token: string
  readonly #listener: PodWatchListener
  #known = new Set<string>()
  #stopped = false
  #listed: () => void = () => {}

  constructor(clock: Clock, config: Config, listener: PodWatchListener) {
    this.#clock = clock
    this.#token = config.token
    this.#listener = listener
    // Two requests at a time: the watch never ends.
    this.#client = new Client(config.apiServer, {
      connect: { ca: config.caPem },
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    this.ready = new Promise(resolve => {
      this.#listed = resolve
    })
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#watch(await this.#list())
      } catch (error) {
        if (!this.#stopped) process.stderr.write(`watch: ${describeError(error)}\n`)
      }
      if (!this.#stopped) await new Promise<void>(resolve => this.#clock.schedule(RETRY_MS, resolve))
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#client.destroy()
  }

  async #list(): Promise<string> {
    const body = await this.#get('/api/v1/pods')
    const list = (await body.json()) as PodList
    const present = new Set(list.items.map(pod => pod.metadata.uid))
    for (const uid of this.#known) if (!present.has(uid)) this.#listener.onGone(uid)
    this.#known = present
    for (const pod of list.items) this.#listener.onPod(pod)
    this.#listed()
    return list.metadata.resourceVersion
  }

  async #watch(resourceVersion: string): Promise<void> {
    const body = await this.#get(
      `/api/v1/pods?watch=1&allowWatchBookmarks=true&resourceVersion=${encodeURIComponent(resourceVersion)}`,
    )
    let rest = ''
    body.setEncoding('utf8')
    for await (const chunk of body) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop()!
      for (const line of lines) if (line.trim() !== '') this.#apply(JSON.parse(line) as WatchEvent)
    }
  }

  #apply(event: WatchEvent): void {
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#known.add(event.object.metadata.uid)
        this.#listener.onPod(event.object)
        break
      case 'DELETED':
        this.#known.delete(event.object.metadata.uid)
        this.#listener.onGone(event.object.metadata.uid)
        break
      case 'BOOKMARK':
        break
      case 'ERROR':
        throw new Error(`the API server ends the watch: ${event.object.code} ${event.object.message}`)
    }
  }

  async #get(path: string): Promise<Dispatcher.ResponseData['body']> {
    const { statusCode, body } = await this.#client.request({
      method: 'GET',
      path,
      headers: { authorization: `Bearer ${this.#token}`, accept: 'application/json' },
    })
    if (statusCode === 200) return body
    throw new Error(`GET ${path} is answered with HTTP ${statusCode}: ${(await body.text()).slice(0, 200)}`)
  }
}
