import type { Test } from 'tap'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { Prng, VirtualClock } from '../../../base/index.ts'
import { type ApiServer, type ApiServerOptions, createApiServer } from '../../../sim/apiserver/index.ts'
import { Namespaces, ObjectStore, Pods, type Stored } from '../../../sim/cluster/index.ts'

export interface Answer {
  readonly code: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked at as what they are, JSON
  readonly json: any
}

export interface Fixture {
  readonly clock: VirtualClock
  readonly store: ObjectStore
  readonly api: ApiServer
  readonly request: (method: string, url: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
  readonly get: (url: string, headers?: Record<string, string>) => Promise<Answer>
  /** Opens a watch; `events()` ends it by its time-out and returns what it was sent. */
  readonly watch: (url: string, headers?: Record<string, string>) => Promise<{ events(): Promise<WatchEvent[]> }>
}

export interface WatchEvent {
  readonly type: string
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  readonly object: any
}

/** A server over plain HTTP whose clock stands still, with the namespaces `default` and `other`. */
export async function start(
  t: Test,
  options: Partial<ApiServerOptions> = {},
  historyCapacity = 1000,
): Promise<Fixture> {
  const clock = new VirtualClock()
  const store = new ObjectStore(clock, new Prng('api'), { historyCapacity })
  for (const name of ['default', 'other']) store.create(Namespaces, { metadata: { name } })
  const api = await createApiServer(clock, store, {
    host: '127.0.0.1',
    port: 0,
    tls: false,
    onInternalError: error => t.fail('internal error', { found: error }),
    ...options,
  })
  t.teardown(() => api.close())

  const request: Fixture['request'] = async (method, url, body, headers = {}) => {
    const response = await api.app.inject({
      method: method as 'GET',
      url,
      headers: {
        authorization: `Bearer ${api.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const isJson = String(response.headers['content-type']).startsWith('application/json')
    return {
      code: response.statusCode,
      headers: response.headers,
      text: response.body,
      json: isJson && !response.body.includes('}\n{') && response.body !== '' ? response.json() : undefined,
    }
  }
  return {
    clock,
    store,
    api,
    request,
    get: (url, headers) => request('GET', url, undefined, headers),
    watch: async (url, headers) => {
      const timeoutS = 10
      const answer = request(
        'GET',
        `${url}${url.includes('?') ? '&' : '?'}watch=1&timeoutSeconds=${timeoutS}`,
        undefined,
        headers,
      )
      await settle()
      return {
        events: async () => {
          await settle()
          clock.advance(timeoutS * 1000)
          const { text } = await answer
          return text
            .split('\n')
            .filter(line => line !== '')
            .map(line => JSON.parse(line) as WatchEvent)
        },
      }
    },
  }
}

/** Lets everything that needs no time come to rest. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await nextTurn()
}

export function pod(name: string, more: Partial<Pod> = {}): Pod {
  return {
    ...more,
    metadata: { name, namespace: 'default', ...more.metadata },
    spec: { containers: [{ name: 'app', image: 'web:1' }], ...more.spec },
  }
}

export function addPods(store: ObjectStore, ...names: string[]): Stored[] {
  return names.map(name => store.create<Pod>(Pods, pod(name)))
}
