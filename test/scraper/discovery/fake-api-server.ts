import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { KubeObject } from '../../../scraper/discovery/kubernetes/kube-types.ts'

/** A resource with what a test puts there. */
interface Collection {
  readonly objects: Map<string, KubeObject>
  readonly watchers: Set<ServerResponse>
}

/**
 * An API server for tests, made from what the documentation says and from nothing of the simulation: lists, watches,
 * watch-lists and the faults that a test asks for.
 */
export class FakeApiServer {
  readonly requests: { readonly path: string; readonly query: URLSearchParams; readonly request: IncomingMessage }[] =
    []
  /** Answers instead of the server when it returns true. */
  intercept: (path: string, query: URLSearchParams, response: ServerResponse) => boolean = () => false
  #version = 100
  readonly #collections = new Map<string, Collection>()
  readonly #server = createServer((request, response) => this.#answer(request, response))

  static async open(): Promise<FakeApiServer> {
    const api = new FakeApiServer()
    await new Promise<void>(resolve => {
      api.#server.listen(0, '127.0.0.1', () => resolve())
    })
    return api
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Queries of the requests for a path, those with `watch` or those without. */
  queries(path: string, isWatch: boolean): Record<string, string>[] {
    return this.requests
      .filter(request => request.path === path && request.query.has('watch') === isWatch)
      .map(({ query }) => Object.fromEntries(query))
  }

  watcherCount(path: string): number {
    return this.#collection(path).watchers.size
  }

  /** Creates or replaces an object and tells the watchers. @param path of the collection. */
  put(path: string, object: KubeObject): void {
    const { objects, watchers } = this.#collection(path)
    const key = `${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`
    const type = objects.has(key) ? 'MODIFIED' : 'ADDED'
    const stored = this.#stamp(object)
    objects.set(key, stored)
    for (const watcher of watchers) send(watcher, type, stored)
  }

  remove(path: string, namespace: string, name: string): void {
    const { objects, watchers } = this.#collection(path)
    const object = objects.get(`${namespace}/${name}`)!
    objects.delete(`${namespace}/${name}`)
    for (const watcher of watchers) send(watcher, 'DELETED', this.#stamp(object))
  }

  /** Changes what is there without telling anyone, as if the watchers had been away. */
  changeSilently(path: string, change: (objects: Map<string, KubeObject>) => void): void {
    this.#version++
    change(this.#collection(path).objects)
  }

  send(path: string, type: string, object: object): void {
    for (const watcher of this.#collection(path).watchers) send(watcher, type, object)
  }

  endWatches(path: string): void {
    for (const watcher of this.#collection(path).watchers) watcher.end()
  }

  breakWatches(path: string): void {
    for (const watcher of this.#collection(path).watchers) watcher.destroy()
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #collection(path: string): Collection {
    let collection = this.#collections.get(path)
    if (collection === undefined) {
      collection = { objects: new Map(), watchers: new Set() }
      this.#collections.set(path, collection)
    }
    return collection
  }

  #stamp(object: KubeObject): KubeObject {
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, 'http://x')
    const { pathname: path, searchParams: query } = url
    this.requests.push({ path, query, request })
    if (this.intercept(path, query, response)) return
    const { objects, watchers } = this.#collection(path)
    response.setHeader('content-type', 'application/json')
    if (!query.has('watch')) {
      response.end(
        JSON.stringify({ metadata: { resourceVersion: String(this.#version) }, items: [...objects.values()] }),
      )
      return
    }
    response.flushHeaders()
    if (query.get('sendInitialEvents') === 'true') {
      for (const object of objects.values()) send(response, 'ADDED', object)
      const annotations = { 'k8s.io/initial-events-end': 'true' }
      send(response, 'BOOKMARK', { metadata: { resourceVersion: String(this.#version), annotations } })
    }
    watchers.add(response)
    response.on('close', () => watchers.delete(response))
  }
}

function send(watcher: ServerResponse, type: string, object: object): void {
  watcher.write(`${JSON.stringify({ type, object })}\n`)
}

export function refuse(
  response: ServerResponse,
  code: number,
  reason: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers })
  response.end(
    JSON.stringify({ kind: 'Status', status: 'Failure', code, reason, message: `${reason} as the test wants` }),
  )
}
