// The rule of the HorizontalPodAutoscaler, against numbers worked out by hand from the Kubernetes documentation's formula
// and the defaults of autoscaling/v2. Loads are totals; each pod is to serve 10.
import t from 'tap'
import { HPA_DEFAULTS, HPA_START, hpaReplicas, type HpaSpec } from '../../../sim/controllers/hpa-rule.ts'

const SPEC: HpaSpec = { ...HPA_DEFAULTS, minReplicas: 1, maxReplicas: 100 }
const SYNC = HPA_DEFAULTS.syncMs

/** Sizes after each look, one every 15 s. */
function sizes(loads: readonly number[], start: number, spec = SPEC): number[] {
  let replicas = start
  let memory = HPA_START
  return loads.map((load, i) => {
    const next = hpaReplicas(spec, memory, i * SYNC, replicas, load, 10)
    memory = next.memory
    return (replicas = next.replicas)
  })
}

void t.test('as many pods as the load needs, rounded up', async t => {
  t.same(sizes([60], 4), [6], '4 pods at 150 %: ceil(4 × 1.5)')
  t.same(sizes([61], 4), [7])
  t.same(sizes([10], 1), [1])
})

void t.test('within a tenth of the target nothing is done', async t => {
  t.same(sizes([110], 10), [10], '110 % is tolerated')
  t.same(sizes([110.2], 10), [12], 'more is not: ceil(11.02)')
  t.same(sizes([90, 90], 10), [10, 10])
  t.same(
    sizes([0.1 + 0.2], 1, { ...SPEC, tolerance: 0 }),
    [1],
    'thousandths count, not what floating point adds to them',
  )
})

void t.test('up by 4 pods or by 100 % within 15 s, whichever is more', async t => {
  t.same(sizes([1000, 1000, 1000, 1000, 1000, 1000], 1), [5, 10, 20, 40, 80, 100])
  t.same(sizes([1000], 3), [7], '3 + 4 is more than 3 × 2')
  t.same(sizes([1000], 6), [12])
})

void t.test('a look within the period of the one before adds only what is left of it', async t => {
  const first = hpaReplicas(SPEC, HPA_START, 0, 10, 1000, 10)
  t.equal(first.replicas, 20)
  t.equal(hpaReplicas(SPEC, first.memory, 5000, 20, 1000, 10).replicas, 20, 'the period began with 10')
  t.equal(hpaReplicas(SPEC, first.memory, 15_000, 20, 1000, 10).replicas, 40)
})

void t.test('down only to the highest that was recommended in five minutes', async t => {
  // Wanted: 10 once, then 2. The 10 of time 0 is forgotten at 300 s, the 21st look.
  const loads = [100, ...Array.from({ length: 21 }, () => 20)]
  const got = sizes(loads, 10)
  t.same(
    got.slice(0, 20),
    Array.from({ length: 20 }, () => 10),
  )
  t.equal(got[20], 2, 'at 300 s, all at once: 100 % may go')
  t.same(sizes([100, 20, 60, ...Array.from({ length: 21 }, () => 20)], 10).slice(20, 24), [6, 6, 2, 2])
})

void t.test('a policy of pods holds a fall back', async t => {
  const scaleDown = { stabilizationWindowMs: 0, policies: [{ type: 'Pods', value: 2, periodMs: 15_000 }] } as const
  t.same(sizes([10, 10, 10], 9, { ...SPEC, scaleDown }), [7, 5, 3])
  const half = { stabilizationWindowMs: 0, policies: [{ type: 'Percent', value: 50, periodMs: 15_000 }] } as const
  t.same(sizes([10, 10, 10], 9, { ...SPEC, scaleDown: half }), [4, 2, 1], 'rounded down: floor(9 × 0.5)')
})

void t.test('a rise can be held back as well', async t => {
  const scaleUp = { ...SPEC.scaleUp, stabilizationWindowMs: 30_000 }
  // The most careful of the last 30 s: the load of 20 wants 2 until it is forgotten.
  t.same(sizes([20, 60, 60, 60], 2, { ...SPEC, scaleUp }), [2, 2, 6, 6])
})

void t.test('never out of its bounds, and not at all at zero', async t => {
  t.same(sizes([0, 0], 3, { ...SPEC, minReplicas: 3 }), [3, 3])
  t.same(sizes([1000, 1000], 3, { ...SPEC, maxReplicas: 8 }), [7, 8])
  t.same(sizes([50], 200), [100], 'above the maximum: to it at once')
  t.same(sizes([50], 1, { ...SPEC, minReplicas: 5 }), [5])
  t.same(sizes([50], 0), [0], 'switched off')
})
