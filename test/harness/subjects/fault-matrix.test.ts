// Goal: every fault of the API server × real clients: once the fault is over, each knows again what the API says.
// Method: objects of all kinds change before, during and after a fault; then the client is asked what it knows until that
// equals the store. In the suite faults are short and each Prometheus suffers a few, since client-go waits longer after
// each failure (0.8 s, doubled up to 30 s). `CHURNBENCH_FAULTS=prometheus,vmagent npm test -- build/test/harness/…` lets
// one process of each suffer them all, for longer. Skipped, and said so, where a program is absent.
import { CoreV1Api, KubeConfig, makeInformer, type V1Pod } from '@kubernetes/client-node'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { makeFolder, Prng, SystemClock } from '../../../base/index.ts'
import { detectPeers, peersByName } from '../../../harness/peers/index.ts'
import {
  embeddedSubject,
  prometheusSubject,
  type SubjectDefinition,
  vmagentSubject,
} from '../../../harness/subjects/index.ts'
import { type ApiServer, createApiServer, type Disturbance, writeKubeconfig } from '../../../sim/apiserver/index.ts'
import { ObjectStore } from '../../../sim/cluster/index.ts'
import { DiscoveryWorld, discoveryConfig, type Role, ROLES } from './discovery-world.ts'

/** Those that suffer everything in one process. */
const THOROUGH: ReadonlySet<string> = new Set((process.env['CHURNBENCH_FAULTS'] ?? '').split(','))
const FAULT_MS = { informer: 100, quick: 300, thorough: 5000 }
const POLL_MS = 50
/** Instances of Prometheus that share the faults. */
const SHARES = 10
/** Of the embedded scraper, which comes back sooner. */
const EMBEDDED_SHARES = 2

// The whole matrix takes minutes.
t.setTimeout(0)

const clock = new SystemClock()
const after = (ms: number): Promise<void> => new Promise(resolve => clock.schedule(ms, resolve))

interface Fault {
  readonly name: string
  /** Begins it, and makes clients meet it. Returns what ends it. */
  begin(api: ApiServer): () => void
  /** It befalls requests: it goes on until there has been one. */
  readonly isOfRequests?: boolean
}

/** Faults of requests are met by clients whose watches break. */
const ofRequests = (
  name: string,
  disturbance: Disturbance,
  breakWatches = (api: ApiServer) => api.dropWatches(),
): Fault => ({
  name,
  isOfRequests: true,
  begin(api) {
    const end = api.disturb(disturbance)
    breakWatches(api)
    return end
  },
})

const FAULTS: readonly Fault[] = [
  { name: 'dropped watches', begin: api => once(() => api.dropWatches()) },
  { name: 'watches that end early and cleanly', begin: api => once(() => api.endWatches()) },
  { name: 'silent watches, without FIN', begin: api => api.silenceWatches(1) },
  { name: 'each second watch silent', begin: api => api.silenceWatches(2) },
  { name: '410 in mid-stream', begin: api => once(() => api.expireWatches()) },
  {
    name: '410 on resuming, as an event',
    begin: api =>
      once(() => {
        api.dropWatches()
        api.expireHistory()
      }),
  },
  ofRequests('410 on resuming, as a status', { refusal: { code: 410, every: 1 } }),
  ofRequests('429 with Retry-After', { refusal: { code: 429, every: 1 } }),
  ofRequests('429 for each second request', { refusal: { code: 429, every: 2 } }),
  ofRequests('500', { refusal: { code: 500, every: 1 } }),
  ofRequests('503', { refusal: { code: 503, every: 1 } }),
  ofRequests('504', { refusal: { code: 504, every: 1 } }),
  ofRequests('slow requests', { delayMs: 200 }),
  ofRequests('slow lists', { verbs: ['list'], delayMs: 200 }, api => api.expireWatches()),
  { name: 'late events', begin: api => api.disturb({ watchDelayMs: 200 }) },
  { name: 'events sent twice', begin: api => api.disturb({ duplicateEvery: 1 }) },
  ofRequests('events told again on resuming', { replayVersions: 200 }),
  { name: 'no bookmarks', begin: api => api.disturb({ bookmarkDelayMs: Number.POSITIVE_INFINITY }) },
  { name: 'late bookmarks', begin: api => api.disturb({ bookmarkDelayMs: 150 }) },
  { name: 'restart', begin: api => api.goDown() },
]

function once(happen: () => void): () => void {
  happen()
  return () => undefined
}

interface Fixture {
  readonly api: ApiServer
  readonly world: DiscoveryWorld
}

async function serve(t: Test, seed: string): Promise<Fixture> {
  const store = new ObjectStore(clock, new Prng(seed))
  const world = new DiscoveryWorld(store, seed)
  const api = await createApiServer(clock, store, {
    host: '127.0.0.1',
    port: 0,
    tls: true,
    // Often enough that a fault of bookmarks is met.
    bookmarkIntervalMs: 100,
    onInternalError: error => t.fail('internal error', { found: error }),
  })
  t.teardown(() => api.close())
  return { api, world }
}

/** Plays a fault while the world changes, and waits until `difference` finds none. */
async function suffer(
  t: Test,
  fault: Fault,
  { api, world }: Fixture,
  faultMs: number,
  difference: () => string | undefined | Promise<string | undefined>,
): Promise<void> {
  const startedNs = clock.monotonicNs()
  world.churn()
  const before = api.usage().requests
  const end = fault.begin(api)
  world.churn()
  await after(faultMs)
  while (fault.isOfRequests === true && api.usage().requests === before) await after(POLL_MS)
  world.churn()
  end()
  world.churn()
  await converged(difference)
  t.pass(`${fault.name}: after ${Number((clock.monotonicNs() - startedNs) / 1_000_000n)} ms`)
}

/** Told how it differs when it has not come to rest by then. */
const CONVERGED_MS_MAX = 120_000

async function converged(difference: () => string | undefined | Promise<string | undefined>): Promise<void> {
  const deadlineMs = clock.unixMs() + CONVERGED_MS_MAX
  for (;;) {
    const found = await difference()
    if (found === undefined) return
    if (clock.unixMs() > deadlineMs) throw new Error(found)
    await after(POLL_MS)
  }
}

function differs(expected: readonly string[], found: readonly string[]): string | undefined {
  const text = (lines: readonly string[]): string => lines.join('\n')
  return text(expected) === text(found) ? undefined : `${text(expected)}\n--- but found ---\n${text(found)}`
}

void t.test('@kubernetes/client-node’s informer', async t => {
  const fixture = await serve(t, 'client-node')
  const { api, world } = fixture
  const path = `${t.testdir()}/kubeconfig`
  await writeKubeconfig(path, api)
  const config = new KubeConfig()
  config.loadFromFile(path)
  const core = config.makeApiClient(CoreV1Api)
  const informer = makeInformer(config, '/api/v1/pods', () => core.listPodForAllNamespaces())
  let stopped = false
  // As its documentation tells users.
  informer.on('error', () => {
    clock.schedule(20, () => {
      if (!stopped) void informer.start()
    })
  })
  t.teardown(async () => {
    stopped = true
    await informer.stop()
  })
  await informer.start()
  const known = (): string[] =>
    (informer as unknown as { list(): V1Pod[] })
      .list()
      .map(pod => `${pod.metadata!.name} ${pod.status!.podIP}:8080 ${pod.metadata!.labels!['rev']}`)
      .sort()
  for (const fault of FAULTS)
    await suffer(t, fault, fixture, FAULT_MS.informer, () => differs(world.targets('pod'), known()))
})

async function subjectMatrix(
  t: Test,
  definition: SubjectDefinition,
  args: readonly string[],
  share: { readonly number: number; readonly of: number },
): Promise<void> {
  const faults = FAULTS.filter((_, index) => index % share.of === share.number)
  const fixture = await serve(t, `${definition.kind}/${share.number}`)
  const workDir = `${t.testdirName}/${share.number}`
  makeFolder(workDir)
  const subject = await definition.start(clock, {
    config: discoveryConfig(ROLES),
    api: fixture.api,
    workDir,
    readyTimeoutMs: 30_000,
    args,
  })
  t.teardown(() => subject.stop())
  t.comment(`${subject.kind} ${subject.version}`)
  const url = subject.pprofUrl ?? subject.url
  const difference = async (): Promise<string | undefined> => {
    const found = await discovered(url)
    for (const role of ROLES) {
      const fault = differs(fixture.world.targets(role), found(role))
      if (fault !== undefined) return `${role}:\n${fault}`
    }
    return undefined
  }
  await converged(difference)
  const faultMs = share.of === 1 ? FAULT_MS.thorough : FAULT_MS.quick
  for (const fault of faults) await suffer(t, fault, fixture, faultMs, difference)
}

/** Asks a client by Prometheus' API for what it has discovered. */
async function discovered(url: string): Promise<(role: Role) => string[]> {
  const { body } = await request(`${url}/api/v1/targets?state=active`)
  const { data } = (await body.json()) as {
    data: { activeTargets: { labels: { job: string }; discoveredLabels: Record<string, string> }[] }
  }
  return role =>
    data.activeTargets
      .filter(({ labels }) => labels.job === role)
      .map(({ discoveredLabels }) => DiscoveryWorld.told(role, discoveredLabels))
      .sort()
}

const [prometheus, vmagent] = await detectPeers(peersByName(['prometheus', 'vmagent']))
const noPrometheus = prometheus!.missing === undefined ? false : `prometheus: ${prometheus!.missing.reason}`
const noVmagent = vmagent!.missing === undefined ? false : `vmagent: ${vmagent!.missing.reason}`

void t.test('Prometheus, all roles', { skip: noPrometheus }, async t => {
  const of = THOROUGH.has('prometheus') ? 1 : SHARES
  t.testdir({})
  await Promise.all(
    Array.from({ length: of }, (_, number) =>
      subjectMatrix(t, prometheusSubject(), ['--scrape.discovery-reload-interval=100ms'], { number, of }),
    ),
  )
})

void t.test(
  'vmagent, all roles',
  { skip: noVmagent || (THOROUGH.has('vmagent') ? false : 'takes minutes; CHURNBENCH_FAULTS=vmagent lets it') },
  t => {
    t.testdir({})
    return subjectMatrix(t, vmagentSubject(), ['-promscrape.kubernetesSDCheckInterval=1s'], { number: 0, of: 1 })
  },
)

void t.test('the embedded scraper, all roles', async t => {
  const of = THOROUGH.has('embedded') ? 1 : EMBEDDED_SHARES
  t.testdir({})
  await Promise.all(Array.from({ length: of }, (_, number) => subjectMatrix(t, embeddedSubject(), [], { number, of })))
})
