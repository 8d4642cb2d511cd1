import t from 'tap'
import { resolveScenario } from '../../harness/scenario.ts'
import { timetable } from '../../harness/load/timetable.ts'
import { parseDuration } from '../../base/index.ts'
import { type ScenarioInput, SCENARIOS } from '../../scenarios/index.ts'

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
        scenario.plan.every(({ atMs }) => atMs < scenario.durationMs),
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
    'scenarios.up.executor=ramping-vus',
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
    'there is no "shop/nope"',
    'replicas: must be a number',
    'takes no such argument',
    'after the scenario',
    'there is no "node-2"',
    'p\\(99 <<< x',
    'nonsense_metric',
  ]) {
    t.match(semantic.message, new RegExp(part))
  }
  t.end()
})

t.test('arrival rates are solved, not sliced', t => {
  const ms = (_: string, text: string): number => parseDuration(text)
  const times = timetable(
    { executor: 'constant-arrival-rate', exec: 'restart', rate: 3, duration: '2s', startTime: '1s' },
    'x',
    ms,
  )
  t.same(times, [1000, 1333, 1667, 2000, 2333, 2667])
  t.same(timetable({ executor: 'shared-iterations', exec: 'restart', iterations: 3 }, 'x', ms), [0, 0, 0])
  const slow = timetable(
    { executor: 'constant-arrival-rate', exec: 'restart', rate: 1, timeUnit: '1m', duration: '150s' },
    'x',
    ms,
  )
  t.same(slow, [0, 60_000, 120_000])
  t.end()
})
