import t from 'tap'
import { podBounds } from '../../harness/pod-bounds.ts'
import { resolveScenario } from '../../harness/scenario.ts'
import { type Duration, type ScenarioInput, SCENARIOS } from '../../scenarios/index.ts'

const INPUT = {
  name: 'example',
  description: 'An example.',
  cluster: { nodes: 2, workloads: { api: { namespace: 'shop', replicas: 3 } } },
  scenarios: {
    up: { executor: 'shared-iterations', exec: 'scale', startTime: '2s', args: { workload: 'shop/api', replicas: 5 } },
  },
  duration: '10s',
  settle: '5s',
  scrapeInterval: '1s',
  thresholds: { targets_missed: ['value==0'] },
  profiles: { smoke: { duration: '4s', cluster: { workloads: { api: { replicas: 1 } } } } },
} satisfies ScenarioInput

const options = { profile: 'quick', seed: '1', set: [] } as const

t.test('every shipped scenario resolves in every profile', t => {
  for (const input of SCENARIOS) {
    for (const profile of ['smoke', 'quick', 'ci', 'nightly'] as const) {
      const scenario = resolveScenario(input, { ...options, profile })
      t.ok(
        scenario.plan.every(({ atMs }) => Number.isInteger(atMs) && atMs <= scenario.durationMs),
        `${input.name} ${profile}`,
      )
    }
  }
  t.equal(new Set(SCENARIOS.map(({ name }) => name)).size, SCENARIOS.length, 'names are unique')
  t.end()
})

t.test('a scenario comes out complete, profile and --set applied, with a hash of its own', t => {
  const quick = resolveScenario(INPUT, options)
  t.match(quick, {
    durationMs: 10_000,
    settleMs: 5000,
    cluster: {
      nodes: 2,
      zones: 2,
      workloads: [{ name: 'api', namespace: 'shop', replicas: 3, port: 8080, maxSurge: '25%' }],
    },
    plan: [{ atMs: 2000, action: 'scale', args: { workload: 'shop/api', replicas: 5 } }],
  })
  const smoke = resolveScenario(INPUT, { ...options, profile: 'smoke' })
  t.match(smoke, { durationMs: 4000, cluster: { workloads: [{ replicas: 1 }] } })
  const set = resolveScenario(INPUT, {
    ...options,
    set: ['cluster.nodes=7', 'settle=1m', 'scenarios.up.args.replicas=9'],
  })
  t.match(set, { settleMs: 60_000, cluster: { nodes: 7 }, plan: [{ args: { replicas: 9 } }] })
  t.equal(new Set([quick, smoke, set].map(({ sha256 }) => sha256)).size, 3)
  t.equal(resolveScenario(INPUT, options).sha256, quick.sha256)
  t.end()
})

t.test('all faults are told at once, each with its path', t => {
  const set = [
    'cluster.nodes=0',
    'cluster.colour=red',
    'duration=soon',
    'nonsense',
    'scenarios.up.executor=ramping-pods',
    'cluster.workloads.api.replicas=-1',
  ]
  const error = t.throws(() => resolveScenario(INPUT, { ...options, set })) as unknown as Error
  t.match(error, { code: 'CHURN_SCENARIO', exitCode: 2 })
  for (const part of ['cluster.nodes', 'colour', 'duration', 'nonsense', 'executor', 'replicas'])
    t.match(error.message, part)

  const semantic = t.throws(() =>
    resolveScenario(
      {
        ...INPUT,
        scenarios: {
          a: { executor: 'shared-iterations', exec: 'explode' },
          b: {
            executor: 'shared-iterations',
            exec: 'scale',
            args: { workload: 'shop/nope', replicas: 'many', colour: 'red' },
          },
          c: { executor: 'shared-iterations', exec: 'restart', startTime: '11s', args: { workload: 'shop/api' } },
          d: { executor: 'shared-iterations', exec: 'fail-node', args: { node: 'node-2' } },
        },
        thresholds: { targets_missed: ['p(99 <<< x'], nonsense_metric: ['value==0'] },
      },
      options,
    ),
  ) as unknown as Error
  for (const part of [
    'unknown action "explode"',
    'there is no workload "shop/nope"',
    'replicas: must be a number',
    'takes no such argument',
    'after the scenario',
    'there is no node "node-2"',
    'p\\(99 <<< x',
    'nonsense_metric',
  ]) {
    t.match(semantic.message, new RegExp(part))
  }
  t.end()
})

const entries = (scenarios: ScenarioInput['scenarios'], more: Partial<ScenarioInput> = {}): ScenarioInput => ({
  ...INPUT,
  ...more,
  scenarios,
})

/** The faults of an input that cannot be used, one a line. */
function faultsOf(input: ScenarioInput, set: readonly string[] = []): string[] {
  try {
    resolveScenario(input, { ...options, set })
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map(line => line.trim())
  }
  return []
}

t.test('each executor becomes what it says: actions at whole milliseconds, queries as they are due', t => {
  const scenario = resolveScenario(
    entries({
      shared: { executor: 'shared-iterations', iterations: 2, startTime: '1s', exec: 'recover-nodes' },
      'per-vu': { executor: 'per-vu-iterations', iterations: 2, vus: 3, startTime: '2s', exec: 'drop-watches' },
      constant: {
        executor: 'constant-arrival-rate',
        rate: 3,
        duration: '1s',
        startTime: '3s',
        exec: 'scale',
        args: { workload: 'shop/api' },
        each: { replicas: [1, 5] },
      },
      ramping: {
        executor: 'ramping-arrival-rate',
        stages: [
          { duration: '0s', target: 2 },
          { duration: '1s', target: 2 },
        ],
        startTime: '4s',
        exec: 'restart',
        args: { workload: 'shop/api' },
      },
    }),
    options,
  )
  t.same(
    scenario.plan.map(({ atMs, stream, args }) => [atMs, stream, args.replicas]),
    [
      [1000, 'shared/0', undefined],
      [1000, 'shared/1', undefined],
      ...[0, 1, 2, 3, 4, 5].map(i => [2000, `per-vu/${i}`, undefined]),
      [3000, 'constant/0', 1],
      [3333, 'constant/1', 5],
      [3667, 'constant/2', 1],
      [4500, 'ramping/0', undefined],
      [5000, 'ramping/1', undefined],
    ],
  )
  const query = { exec: 'query', args: { class: 'instant-rate' } } as const
  const { queries } = resolveScenario(
    entries({
      open: { executor: 'constant-arrival-rate', rate: 3, duration: '1s', startTime: '1s', ...query, tags: { a: 'b' } },
      vus: { executor: 'constant-vus', vus: 4, duration: '5s', startTime: '1s', gracefulStop: '2s', ...query },
      ramp: {
        executor: 'ramping-vus',
        stages: [
          { duration: '2s', target: 10 },
          { duration: '0s', target: 3 },
          { duration: '1s', target: 3 },
        ],
        ...query,
      },
      shared: { executor: 'shared-iterations', vus: 2, iterations: 9, ...query },
      each: {
        executor: 'per-vu-iterations',
        vus: 2,
        iterations: 9,
        maxDuration: '3s',
        exec: 'query',
        each: { class: ['series', 'labels'] },
      },
    }),
    options,
  )
  const closed = { kind: 'closed', startMs: 0, gracefulStopMs: 30_000 }
  t.same(
    queries.map(({ load }) => load),
    [
      { kind: 'open', atMs: [0, 1, 2].map(i => 1000 + (i * 1000) / 3) },
      { ...closed, startMs: 1000, startVus: 4, stages: [{ untilMs: 6000, vus: 4 }], gracefulStopMs: 2000 },
      {
        ...closed,
        startVus: 1,
        stages: [
          { untilMs: 2000, vus: 10 },
          { untilMs: 2000, vus: 3 },
          { untilMs: 3000, vus: 3 },
        ],
      },
      { ...closed, startVus: 2, stages: [{ untilMs: 10_000, vus: 2 }], iterations: { count: 9, of: 'all' } },
      { ...closed, startVus: 2, stages: [{ untilMs: 3000, vus: 2 }], iterations: { count: 9, of: 'each' } },
    ],
  )
  t.match(queries[0], { name: 'open', args: { class: 'instant-rate' }, tags: { a: 'b' }, each: {} })
  t.same(queries[4]!.each, { class: ['series', 'labels'] })
  t.end()
})

t.test('Poisson arrivals come from the seed and from the name of the entry alone', t => {
  const entry = {
    executor: 'constant-arrival-rate',
    rate: 5,
    duration: '9s',
    arrivals: 'poisson',
    exec: 'restart',
    args: { workload: 'shop/api' },
  } as const
  const times = (seed: string, scenarios: ScenarioInput['scenarios']): number[] =>
    resolveScenario(entries(scenarios), { ...options, seed })
      .plan.filter(({ stream }) => stream.startsWith('storm/'))
      .map(({ atMs }) => atMs)
  t.same(times('1', { storm: entry }), times('1', { other: entry, storm: entry }), 'another entry changes nothing')
  t.notSame(times('1', { storm: entry }), times('2', { storm: entry }))
  t.end()
})

t.test('faults of executors are told by field', t => {
  const act = { exec: 'restart', args: { workload: 'shop/api' } } as const
  const faults = faultsOf(
    entries({
      vus: { executor: 'constant-vus', vus: 2, duration: '1s', ...act },
      lacking: { executor: 'constant-arrival-rate', rate: 2, ...act } as never,
      foreign: { executor: 'shared-iterations', rate: 2, ...act } as never,
      unit: { executor: 'constant-arrival-rate', rate: 2, duration: '1s', timeUnit: '0s', ...act },
      many: { executor: 'constant-arrival-rate', rate: 1e6, duration: '2s', ...act },
      few: { executor: 'shared-iterations', vus: 3, ...act },
      late: { executor: 'constant-vus', vus: 1, duration: '11s', exec: 'query', args: { class: 'labels' } },
      tagged: { executor: 'shared-iterations', tags: { a: 'b' }, ...act },
      reserved: {
        executor: 'constant-arrival-rate',
        rate: 1,
        duration: '1s',
        gracefulStop: '1s',
        exec: 'query',
        args: { class: 'labels' },
        tags: { vu: 'b' },
      },
      query: { executor: 'shared-iterations', exec: 'query', each: { class: ['labels', 'lables'] } },
    }),
  )
  const expected = [
    /^scenarios\.vus\.executor: constant-vus is for queries.*use constant-arrival-rate/,
    /^scenarios\.lacking\.duration: is missing/,
    /^scenarios\.foreign\.rate: shared-iterations has no such field/,
    /^scenarios\.unit\.timeUnit: must be longer/,
    /^scenarios\.many: 2000000 iterations are more/,
    /^scenarios\.few\.iterations: 1 cannot be shared by 3/,
    /^scenarios\.late: lasts until 11000 ms/,
    /^scenarios\.tagged\.tags: is for queries/,
    /^scenarios\.reserved\.tags\.vu: is reserved/,
    /^scenarios\.reserved\.gracefulStop: queries of an arrival rate/,
    /^scenarios\.query\.args\.class: unknown class "lables"/,
  ]
  for (const pattern of expected)
    t.ok(
      faults.some(fault => pattern.test(fault)),
      String(pattern),
    )
  t.equal(faults.length, expected.length, faults.join('\n'))
  t.end()
})

t.test('arguments are judged value by value, and names by what is there at that time', t => {
  const at = (startTime: `${number}s`, exec: string, more: object): ScenarioInput['scenarios'][string] =>
    ({ executor: 'shared-iterations', startTime, exec, ...more }) as never
  const faults = faultsOf(
    entries(
      {
        half: at('1s', 'scale', { args: { workload: 'shop/api' }, each: { replicas: [1, 2.5, -1] } }),
        zone: { ...at('1s', 'fail-zone', { each: { zone: ['region-1a', 'region-1c'] } }), iterations: 2 } as never,
        both: at('1s', 'fail-nodes', { args: { count: 1, share: 0.5 } }),
        share: at('1s', 'fail-nodes', { args: { share: 2 } }),
        code: at('1s', 'api-errors', { args: { code: 404, for: '1s' } }),
        delay: at('1s', 'api-delay', { args: { delay: 'soon', for: '1s' } }),
        near: at('1s', 'restrat', { args: { workload: 'shop/api' } }),
        argument: at('1s', 'restart', { args: { wrokload: 'shop/api' } }),
        selector: at('1s', 'relabel', { args: { workload: 'shop/api', label: 'app', value: 'x' } }),
        label: at('1s', 'relabel', { args: { workload: 'shop/api', label: '-', value: 'ä' } }),
        service: at('1s', 'select', { args: { service: 'shop/apj', label: 'a', value: '' } }),
        early: at('0s', 'restart', { args: { workload: 'shop/second' } }),
        create: at('2s', 'create-workload', { args: { workload: 'shop/third', replicas: 1 } }),
        again: at('3s', 'create-workload', { args: { workload: 'shop/third', replicas: 1 } }),
        fine: at('3s', 'restart', { args: { workload: 'shop/third' } }),
        end: at('4s', 'delete-workload', { args: { workload: 'shop/third' } }),
        gone: at('5s', 'restart', { args: { workload: 'shop/third' } }),
      },
      {
        cluster: {
          nodes: 2,
          workloads: {
            api: { namespace: 'shop', replicas: 3 },
            second: { namespace: 'shop', replicas: 1 },
          },
        },
      },
    ),
  )
  const expected = [
    /half\.each\.replicas\.1: must be a whole number/,
    /half\.each\.replicas\.2: must be at least 0/,
    /zone\.args\.zone: there is no zone "region-1c"; did you mean region-1a/,
    /both\.args: "fail-nodes" takes either/,
    /share\.args\.share: must be from 0 to 1/,
    /code\.args\.code: must be one of 410, 429/,
    /delay\.args\.delay: "soon" is not a duration/,
    /near\.exec: unknown action "restrat"; did you mean restart/,
    /argument\.args\.workload: is missing/,
    /argument\.args\.wrokload: .*did you mean workload/,
    /selector\.args\.label: "app" is one that the Deployment selects by/,
    /label\.args\.label: "-" is no name/,
    /label\.args\.value: "ä" is no value/,
    /service\.args\.service: there is no Service "shop\/apj"; did you mean shop\/api/,
    /early\.args\.workload: "shop\/second" is there from 100 ms on/,
    /again\.args\.workload: there is a workload "shop\/third" already/,
    /gone\.args\.workload: there is no workload "shop\/third"/,
  ]
  for (const pattern of expected)
    t.ok(
      faults.some(fault => pattern.test(fault)),
      String(pattern),
    )
  t.equal(faults.length, expected.length, faults.join('\n'))
  t.end()
})

t.test('--set reaches every field, elements of lists too, and names what it does not find', t => {
  const input = entries(
    {
      load: {
        executor: 'ramping-arrival-rate',
        stages: [{ duration: '1s', target: 5 }],
        exec: 'query',
        args: { class: 'labels' },
      },
    },
    { cluster: { nodes: 2, workloads: { api: { replicas: 1, labels: { 'example.com/tier': 'a' } } } } },
  )
  const set = [
    'scenarios.load.stages.0.target=7',
    'cluster.timings.eviction=9s',
    'cluster.workloads.api.labels.example.com/tier=2',
    'cluster.workloads.api.labels.track=3',
    'thresholds.rss_peak=["value<1"]',
    'scenarios.more={"executor":"shared-iterations","exec":"drop-watches"}',
  ]
  const scenario = resolveScenario(input, { ...options, set })
  t.match(scenario.resolved, {
    scenarios: { load: { stages: [{ duration: '1s', target: 7 }] } },
    thresholds: { rss_peak: ['value<1'], targets_missed: ['value==0'] },
  })
  t.equal(scenario.queries[0]!.load.kind === 'open' && scenario.queries[0]!.load.atMs.length, 3)
  t.match(scenario.cluster, {
    timings: { evictionMs: 9000 },
    workloads: [{ labels: { 'example.com/tier': '2', track: '3' } }],
  })
  t.equal(scenario.plan.length, 1)
  t.equal(
    (input.scenarios.load as unknown as { stages: { target: number }[] }).stages[0]!.target,
    5,
    'the input is as it was',
  )

  t.same(
    faultsOf(input, [
      'cluster.noodles=3',
      'scenarios.laod.startTime=1s',
      'scenarios.load.stages.1.target=3',
      'duration.x=1',
      'elephants=1',
    ]),
    [
      '--set cluster.noodles: cluster has no "noodles"; did you mean nodes?',
      '--set scenarios.laod.startTime: scenarios has no "laod"; did you mean load?',
      '--set scenarios.load.stages.1.target: scenarios.load.stages has elements 0 to 0, not "1"',
      '--set duration.x: duration is "10s", which has no fields',
      '--set elephants: a scenario has no "elephants"; it has name, description, cluster, scenarios, duration, settle, scrapeInterval, thresholds, trace, controlPlane, targetCapacity, gates, search',
    ],
  )
  t.match(faultsOf({ ...input, thresolds: {} } as never), [
    'scenario: unknown field "thresolds"; did you mean thresholds?',
  ])
  t.end()
})

t.test('images take time to be pulled where a scenario says so', t => {
  const pull = (...times: readonly [Duration, Duration]): ScenarioInput =>
    entries({}, { cluster: { nodes: 1, workloads: {}, timings: { pull: times } } })
  t.same(resolveScenario(pull('2s', '30s'), options).cluster.timings.pullMs, { p50: 2000, p99: 30_000 })
  t.notOk('pullMs' in resolveScenario(entries({}), options).cluster.timings)
  const fault = ['cluster.timings.pull: is a median above 0 and a 99th percentile that is no less']
  t.same(faultsOf(pull('0s', '30s')), fault)
  t.same(faultsOf(pull('5s', '1s')), fault)
  t.end()
})

t.test('thresholds in their long form, gates and searches are judged', t => {
  const asks = {
    executor: 'shared-iterations',
    exec: 'query',
    args: { class: 'labels' },
    tags: { class: 'a' },
  } as const
  const good = resolveScenario(
    entries(
      { asks },
      {
        thresholds: { rss_peak: ['value<1e9', { threshold: 'value<2e9', abortOnFail: true, delayAbortEval: '5s' }] },
        gates: { discovery_latency: ['p50'], rss_peak: ['value'], 'query_latency{class=a}': ['p99'] },
        search: {
          field: 'cluster.workloads.api.replicas',
          from: 10,
          to: 40,
          resolution: 0.1,
          sustained: { samples_lost: ['value==0'] },
        },
      },
    ),
    options,
  )
  t.match(good, { gates: { rss_peak: ['value'] }, search: { from: 10 } })
  const faults = faultsOf(
    entries(
      {},
      {
        thresholds: { rss_peak: [{ threshold: 'value<<1' }] },
        gates: { discovery_latencies: ['p50'], rss_peak: ['p50'], discovery_latency: ['value'] },
        search: {
          field: 'cluster.workloads',
          from: 40,
          to: 10,
          resolution: 0.1,
          sustained: { samples_lots: ['value==0'] },
        },
      },
    ),
  )
  const expected = [
    /^thresholds\.rss_peak: "value<<1"/,
    /^gates\.discovery_latencies: there is no metric .*did you mean discovery_latency/,
    /^gates\.rss_peak: a value has no "p50"/,
    /^gates\.discovery_latency: a histogram has no "value"/,
    /^search\.field: "cluster\.workloads" is no number/,
    /^search\.from: 40 must be below/,
    /^search\.sustained\.samples_lots/,
  ]
  for (const pattern of expected)
    t.ok(
      faults.some(fault => pattern.test(fault)),
      String(pattern),
    )
  t.equal(faults.length, expected.length, faults.join('\n'))
  const shape = faultsOf(
    entries(
      {},
      { thresholds: { rss_peak: [{ threshold: 'value<1', delayAbortEval: 'soon' }, 7, { thresold: 'x' }] as never } },
    ),
  )
  for (const pattern of [
    /rss_peak\.0\.delayAbortEval/,
    /rss_peak\.1: must be string,object/,
    /rss_peak\.2: .*threshold/,
  ]) {
    t.ok(
      shape.some(fault => pattern.test(fault)),
      `${pattern} in ${shape.join(' | ')}`,
    )
  }
  t.end()
})

t.test('Deployments behind one Service keep their pods apart', t => {
  const cluster = {
    nodes: 2,
    workloads: {
      web: { replicas: 3, labels: { track: 'stable' } },
      canary: { replicas: 1, labels: { track: 'canary' }, service: 'web' },
      other: { replicas: 1 },
    },
  }
  const { workloads } = resolveScenario(entries({}, { cluster }), options).cluster
  t.match(workloads, [
    {
      service: 'web',
      selector: { app: 'web', deployment: 'web' },
      labels: { app: 'web', deployment: 'web', track: 'stable' },
    },
    {
      service: 'web',
      selector: { app: 'web', deployment: 'canary' },
      labels: { app: 'web', deployment: 'canary', track: 'canary' },
    },
    { service: 'other', selector: { app: 'other' }, labels: { app: 'other' } },
  ])
  const bad = {
    ...cluster,
    workloads: { ...cluster.workloads, canary: { replicas: 1, port: 9090, labels: { app: 'x' }, service: 'web' } },
  }
  t.same(faultsOf(entries({}, { cluster: bad })), [
    'cluster.workloads.canary.labels.app: is given by churnbench; choose another name',
    'cluster.workloads.canary.port: must be 8080 as of "web", for they share the Service "web"',
  ])
  t.end()
})

t.test('room is kept for every pod that a plan can make', t => {
  const bounds = (scenarios: ScenarioInput['scenarios'], nodes = 4) =>
    podBounds(
      resolveScenario(entries(scenarios, { cluster: { nodes, workloads: { api: { replicas: 40 } } } }), options),
    )
  t.same(bounds({}), { atOnce: 60, ever: 60 })
  const saw = {
    executor: 'constant-arrival-rate',
    rate: 1,
    duration: '4s',
    startTime: '1s',
    exec: 'scale',
    args: { workload: 'api' },
    each: { replicas: [10, 100] },
  } as const
  t.same(bounds({ saw }), { atOnce: 150, ever: 330 }, 'two teeth of ninety pods each')
  const fail = { executor: 'shared-iterations', exec: 'fail-nodes', args: { share: 0.5 } } as const
  t.same(bounds({ fail }), { atOnce: 80, ever: 90 }, 'those of silent nodes linger while they are replaced')
  const evict = { executor: 'shared-iterations', exec: 'evict-pods', args: { node: 'node-0', count: 4 } } as const
  const { ever } = bounds({ evict })
  t.ok(ever > bounds({}).ever, 'those that are evicted are replaced')
  t.end()
})
