// What a model may say: all faults are told at once, with their paths; single fields are changed by --set.
import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  enlarged,
  judgeModel,
  livelier,
  modelText,
  steady,
  TRACE_MODEL_SCHEMA,
  TRACE_PRESETS,
  type TraceModel,
  withField,
} from '../../../../sim/trace/generate/index.ts'

const SMALL = steady(70)

function faultsOf(model: unknown): string {
  try {
    judgeModel(model, 'a.json')
  } catch (error) {
    t.equal((error as { code?: string }).code, 'CHURN_TRACE_OPTIONS')
    return (error as Error).message
  }
  return ''
}

void t.test('the published schema is the one that models are judged by', t => {
  const published: unknown = JSON.parse(readFileSync('docs/formats/trace-model.schema.json', 'utf8'))
  t.same(published, JSON.parse(JSON.stringify(TRACE_MODEL_SCHEMA)))
  t.end()
})

void t.test('presets are sound, larger and livelier too, and survive being written and read', t => {
  for (const model of Object.values(TRACE_PRESETS)) {
    t.equal(faultsOf(model), '', model.name)
    t.equal(faultsOf(livelier(enlarged(model, 0.1), 7)), '', model.name)
    t.same(JSON.parse(modelText(model)), model, `${model.name} as text`)
  }
  t.end()
})

void t.test('faults of shape are told all at once, with their paths', t => {
  const faults = faultsOf({
    ...SMALL,
    durationMs: -1,
    bananas: 3,
    cluster: { ...SMALL.cluster, zone: 3 },
    classes: [
      { ...SMALL.classes[0]!, kind: 'Deploymet' },
      { ...SMALL.classes[0]!, name: 'b', pod: { ...SMALL.classes[0]!.pod, readyMs: { kind: 'normal', mean: 4 } } },
      { ...SMALL.classes[0]!, name: 'c', pod: { ...SMALL.classes[0]!.pod, startMs: { kind: 'uniform', min: 1 } } },
    ],
  })
  for (const fault of [
    /^the model a\.json cannot be used:$/m,
    /^ {2}durationMs: must be >= 1$/m,
    /^ {2}unknown field "bananas"$/m,
    /^ {2}cluster: unknown field "zone" \(did you mean zones\?\)$/m,
    /^ {2}classes\.0\.kind: must be one of Deployment, StatefulSet/m,
    /^ {2}classes\.1\.pod\.readyMs: kind must be one of constant, uniform, .*never$/m,
    /^ {2}classes\.2\.pod\.startMs: max is missing$/m,
  ]) {
    t.match(faults, fault)
  }
  t.end()
})

void t.test('faults of meaning are told all at once, with their paths', t => {
  const base = SMALL.classes[0]!
  const faults = faultsOf({
    ...SMALL,
    cluster: { ...SMALL.cluster, autoscaling: { nodesMax: 1, addMs: { kind: 'never' }, idleMs: 1 } },
    classes: [
      { ...base, pod: { ...base.pod, readyMs: { kind: 'uniform', min: 9, max: 3 } } },
      { ...base, pod: { ...base.pod, readyMs: { kind: 'lognormal', median: 9 } } },
      { ...base, name: 'c', kind: 'Job', pod: { ...base.pod, lifetimeMs: undefined } },
      { ...base, name: 'd', pod: { ...base.pod, outcomes: { succeeded: 0.7, failed: { Error: 0.4 } } } },
      { ...base, name: 'e', cron: { everyMs: 60_000, pods: { kind: 'constant', value: 1 } } },
      {
        ...base,
        name: 'f',
        pod: {
          ...base.pod,
          startMs: {
            kind: 'empirical',
            quantiles: [
              [0, 5],
              [0.5, 4],
              [1, 9],
            ],
          },
        },
      },
      {
        ...base,
        name: 'g',
        pod: {
          ...base.pod,
          startMs: {
            kind: 'empirical',
            quantiles: [
              [0.1, 5],
              [1, 9],
            ],
          },
        },
      },
    ].map(workloadClass => JSON.parse(JSON.stringify(workloadClass)) as unknown),
  })
  for (const fault of [
    /cluster\.autoscaling\.nodesMax: is less than the 3 nodes/,
    /classes\.0\.pod\.readyMs: min is more than max/,
    /classes\.1\.name: another class is called churning already/,
    /classes\.1\.pod\.readyMs: give either sigma or p90/,
    /classes\.2\.arrivals: is missing, which a Job needs/,
    /classes\.2\.pod\.lifetimeMs: is missing; pods of a Job end by themselves/,
    /classes\.3\.pod\.outcomes: the shares are 1\.1 in all/,
    /classes\.4\.cron: means nothing for a Deployment/,
    /classes\.5\.pod\.startMs\.quantiles\.1: goes back from 0, 5 to 0\.5, 4/,
    /classes\.6\.pod\.startMs\.quantiles\.0: must be of probability 0/,
  ]) {
    t.match(faults, fault)
  }
  t.end()
})

void t.test('a field is set by its path, items of lists by name or number', t => {
  const model = (assignment: string): TraceModel => judgeModel(withField(SMALL, assignment), 'set')
  t.equal(model('cluster.nodes=80').cluster.nodes, 80)
  t.same(model('classes.churning.pod.readyMs={"kind":"constant","value":5}').classes[0]!.pod.readyMs, {
    kind: 'constant',
    value: 5,
  })
  t.equal(model('classes.0.namespace=shop').classes[0]!.namespace, 'shop')
  t.equal(model('classes.churning.rollouts.perHour=2').classes[0]!.rollouts?.perHour, 2, 'parts that were absent')
  t.throws(() => withField(SMALL, 'classes.churnin.workloads=1'), /has no item churnin; did you mean churning\?/)
  t.throws(() => withField(SMALL, 'durationMs.x=1'), /durationMs is no object/)
  t.throws(() => withField(SMALL, 'durationMs'), /write path=value/)
  t.match(faultsOf(withField(SMALL, 'cluster.nods=1')), /cluster: unknown field "nods" \(did you mean nodes\?\)/)
  t.equal(SMALL.cluster.nodes, 3, 'the model itself is left alone')
  t.end()
})
