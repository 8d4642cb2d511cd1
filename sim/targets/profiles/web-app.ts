import { Prng } from '../../../base/index.ts'
import { type Family, ExpositionTemplate } from '../exposition-template.ts'
import { fakerOf } from './dress.ts'
import { BUCKET_BOUNDS_US, RequestDeck } from './request-deck.ts'

/** Fixed, so that every pod of the profile has equally many series. */
const ROUTES = 5

/** Most apps are few; a replayed trace may have thousands, and then old ones are made again when they come back. */
const CACHED_APPS_MAX = 256

interface Route {
  readonly path: string
  readonly method: string
  /** Done, the client's fault, the server's fault. */
  readonly statuses: readonly [string, string, string]
  /** Mean requests per 1 000 seconds and pod. */
  readonly milliRps: number
  readonly deck: RequestDeck
}

/** What the replicas of one web service have in common: a function of (seed, app) alone. */
export interface WebApp {
  readonly routes: readonly Route[]
  /** All series but those that name the pod. Rows are in the order in which web-service.ts fills them. */
  readonly template: ExpositionTemplate
  readonly virtualMemoryBytes: number
  readonly bytesPerRequest: number
}

const cache = new Map<string, WebApp>()

export function webAppOf(seed: string, app: string): WebApp {
  const key = `${seed}\n${app}`
  let found = cache.get(key)
  if (found === undefined) {
    if (cache.size >= CACHED_APPS_MAX) cache.delete(cache.keys().next().value!)
    found = drawApp(new Prng(seed).fork(`web-app/${app}`))
    cache.set(key, found)
  }
  return found
}

function drawApp(prng: Prng): WebApp {
  const faker = fakerOf(prng.fork('dress'))
  const paths = new Set<string>()
  while (paths.size < ROUTES) {
    const noun = faker.word.noun().toLowerCase()
    paths.add(prng.chance(1, 2) ? `/api/v1/${noun}` : `/api/v1/${noun}/:id`)
  }
  const busiestMilliRps = prng.between(5_000, 40_000)
  const routes = [...paths].sort().map(path => {
    const method = faker.helpers.arrayElement(['GET', 'GET', 'GET', 'POST', 'PUT'])
    return {
      path,
      method,
      statuses: method === 'POST' ? (['201', '409', '503'] as const) : (['200', '404', '500'] as const),
      milliRps: 0,
      deck: new RequestDeck(prng.fork(`route/${path}`)),
    }
  })
  // Popularity falls as 1/rank, and rank has nothing to do with the alphabet.
  const ranks = prng.shuffle(routes.map((_, index) => index + 1))
  const ranked = routes.map((route, index) => ({ ...route, milliRps: Math.floor(busiestMilliRps / ranks[index]!) }))
  const goVersion = `go1.${prng.between(21, 25)}.${prng.between(0, 9)}`
  const build = {
    branch: 'main',
    goversion: goVersion,
    revision: faker.git.commitSha({ length: 12 }),
    version: faker.system.semver(),
  }
  return {
    routes: ranked,
    template: new ExpositionTemplate(families(ranked, build)),
    virtualMemoryBytes: prng.between(250_000, 500_000) * 4096,
    bytesPerRequest: prng.between(8_000, 64_000),
  }
}

/** In the alphabetical order in which client libraries write families. Times in µs, hence six decimals. */
function families(routes: readonly Route[], build: Readonly<Record<string, string>>): Family[] {
  const one = (decimals = 0): Family['samples'] => [{ decimals }]
  return [
    {
      name: 'go_gc_duration_seconds',
      help: 'A summary of the wall-time pause (stop-the-world) duration in garbage collection cycles.',
      type: 'summary',
      samples: [{ suffix: '_sum', decimals: 6 }, { suffix: '_count' }],
    },
    { name: 'go_goroutines', help: 'Number of goroutines that currently exist.', type: 'gauge', samples: one() },
    {
      name: 'go_info',
      help: 'Information about the Go environment.',
      type: 'gauge',
      samples: [{ labels: { version: build['goversion']! } }],
    },
    {
      name: 'go_memstats_alloc_bytes',
      help: 'Number of bytes allocated in heap and currently in use.',
      type: 'gauge',
      samples: one(),
    },
    {
      name: 'go_memstats_alloc_bytes_total',
      help: 'Total number of bytes allocated in heap until now, even if released already.',
      type: 'counter',
      samples: one(),
    },
    { name: 'go_threads', help: 'Number of OS threads created.', type: 'gauge', samples: one() },
    {
      name: 'http_request_duration_seconds',
      help: 'Time from reading a request to having written its response in seconds.',
      type: 'histogram',
      samples: routes.flatMap(({ path }) => [
        ...BUCKET_BOUNDS_US.map(us => ({ suffix: '_bucket', labels: { route: path, le: boundText(us) } })),
        { suffix: '_bucket', labels: { route: path, le: '+Inf' } },
        { suffix: '_sum', labels: { route: path }, decimals: 6 },
        { suffix: '_count', labels: { route: path } },
      ]),
    },
    {
      name: 'http_requests_in_flight',
      help: 'Number of requests being handled at the moment.',
      type: 'gauge',
      samples: one(),
    },
    {
      name: 'http_requests_total',
      help: 'Requests handled, by method, route and status code.',
      type: 'counter',
      samples: routes.flatMap(({ path, method, statuses }) =>
        statuses.map(status => ({ labels: { method, route: path, status } })),
      ),
    },
    {
      name: 'http_response_size_bytes',
      help: 'Size of response bodies in bytes.',
      type: 'summary',
      samples: routes.flatMap(({ path }) => [
        { suffix: '_sum', labels: { route: path } },
        { suffix: '_count', labels: { route: path } },
      ]),
    },
    {
      name: 'process_cpu_seconds_total',
      help: 'Total user and system CPU time spent in seconds.',
      type: 'counter',
      samples: one(2),
    },
    { name: 'process_max_fds', help: 'Maximum number of open file descriptors.', type: 'gauge', samples: one() },
    { name: 'process_open_fds', help: 'Number of open file descriptors.', type: 'gauge', samples: one() },
    {
      name: 'process_resident_memory_bytes',
      help: 'Resident memory size in bytes.',
      type: 'gauge',
      samples: one(),
    },
    {
      name: 'process_start_time_seconds',
      help: 'Start time of the process since unix epoch in seconds.',
      type: 'gauge',
      samples: one(3),
    },
    {
      name: 'process_virtual_memory_bytes',
      help: 'Virtual memory size in bytes.',
      type: 'gauge',
      samples: one(),
    },
    {
      name: 'web_service_build_info',
      help: 'Always 1; its labels say what was built.',
      type: 'gauge',
      samples: [{ labels: build }],
    },
  ]
}

/** As OpenMetrics writes floats (`1.0`, not `1`): Prometheus 3 rewrites `le` to this form, other systems keep it as it is. */
function boundText(us: number): string {
  const text = String(us / 1e6)
  return text.includes('.') ? text : `${text}.0`
}
