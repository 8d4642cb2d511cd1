// What one metric asks for, against Kubernetes' documented examples and the rules for pods that have no metrics or only just
// began. Numbers are worked out by hand.
import t from 'tap'
import { NoProposal, type ProposalInput, propose, type ScaledPod } from '../../../sim/controllers/hpa-proposal.ts'
import { HPA_DEFAULTS, type HpaSpec } from '../../../sim/controllers/hpa-rule.ts'

const SPEC: HpaSpec = { ...HPA_DEFAULTS, minReplicas: 1, maxReplicas: 100 }
const NOW = 1_000_000
/** Of each pod. */
const REQUEST = 1000

type Pod = Partial<ScaledPod> & { readonly milli?: number; readonly sampledMs?: number }

/** Pods that began long ago, each with its use in thousandths. */
function input(
  pods: readonly (Pod | number)[],
  target: ProposalInput['target'],
  more: Partial<ProposalInput> = {},
): ProposalInput {
  const all = pods.map((pod, i) => ({ name: `pod-${i}`, ...(typeof pod === 'number' ? { milli: pod } : pod) }))
  return {
    nowMs: NOW,
    current: pods.length,
    resource: 'cpu',
    pods: all.map(pod => ({
      phase: 'Running',
      isDeleting: false,
      isReady: true,
      startedMs: 0,
      readyChangedMs: 500,
      ...pod,
    })),
    usage: new Map(
      all.flatMap(({ name, milli, sampledMs = NOW - 10_000 }) =>
        milli === undefined ? [] : [[name, { milli, sampledMs, windowMs: 15_000 }]],
      ),
    ),
    target,
    ...more,
  }
}

const average = (milli: number): ProposalInput['target'] => ({ type: 'average', milli })
const utilization = (percent: number, count = 20): ProposalInput['target'] => ({
  type: 'utilization',
  percent,
  requests: new Map(Array.from({ length: count }, (_, i) => [`pod-${i}`, REQUEST])),
})
const replicas = (...args: Parameters<typeof input>): number => propose(SPEC, input(...args)).replicas

void t.test("the documentation's examples: 200m for 100m doubles, 50m halves, within a tenth nothing", async t => {
  t.equal(replicas([200, 200, 200], average(100)), 6)
  t.equal(replicas([50, 50, 50, 50], average(100)), 2)
  t.equal(replicas([109, 109, 109], average(100)), 3)
  t.equal(replicas([91, 91, 91], average(100)), 3)
  t.equal(replicas([111, 111, 111], average(100)), 4, 'rounded up')
  t.equal(replicas([300, 500, 700], utilization(50)), 3)
  t.equal(replicas([800, 800, 800], utilization(50)), 5, 'ceil(3 × 80 / 50)')
  const { percent, averageMilli } = propose(SPEC, input([300, 500, 701], utilization(80)))
  t.same({ percent, averageMilli }, { percent: 50, averageMilli: 500 }, 'whole, rounded down')
})

void t.test('tolerances may differ by direction', async t => {
  const wide: HpaSpec = {
    ...SPEC,
    scaleUp: { ...SPEC.scaleUp, tolerance: 0 },
    scaleDown: { ...SPEC.scaleDown, tolerance: 0.5 },
  }
  t.equal(propose(wide, input([101, 101], average(100))).replicas, 3)
  t.equal(propose(wide, input([51, 51], average(100))).replicas, 2)
  t.equal(propose(wide, input([49, 49], average(100))).replicas, 1)
})

void t.test('pods without metrics make a change smaller and never turn it around', async t => {
  t.equal(replicas([200, 200, {}, {}], average(100)), 4, 'up: they count as 0, which leaves 100 on average')
  t.equal(replicas([300, 300, 300, {}], average(100)), 9, 'up: 900 / 4 × 4')
  t.equal(replicas([40, 40, {}, {}], average(100)), 3, 'down: as if just at target, 280 / 4 = 70')
  t.equal(
    replicas([100, 100, {}, {}], utilization(50)),
    4,
    'down: as if using all they asked for, 2200 / 4000 would be up',
  )
  t.equal(replicas([150, 150, {}], utilization(150)), 2, 'down: a target above 100 % counts itself, 60 % of 150 %')
})

void t.test('pods that begin are set aside for CPU, and count as 0 when it goes up', async t => {
  const young = { startedMs: NOW - 60_000 }
  t.equal(replicas([200, { ...young, milli: 900, isReady: false }], average(100)), 2, 'not ready: 200 / 2 is no change')
  const ready = { ...young, milli: 900, readyChangedMs: NOW - 20_000 }
  t.equal(
    replicas([200, { ...ready, sampledMs: NOW - 10_000 }], average(100)),
    2,
    'a window must lie behind its readiness',
  )
  t.equal(replicas([200, { ...ready, sampledMs: NOW - 5_000 }], average(100)), 11, '1100 / 100: now it does')
  t.equal(
    replicas([200, { ...young, milli: 900, isReady: false }], average(100), { resource: 'memory' }),
    11,
    'memory counts',
  )
  t.equal(replicas([40, { ...young, milli: 900, isReady: false }], average(100)), 1, 'down: left out')
  const never = { startedMs: 0, isReady: false, milli: 900 }
  t.equal(replicas([40, { ...never, readyChangedMs: 20_000 }], average(100)), 1, 'old, and was never really ready')
  t.equal(replicas([400, { ...never, readyChangedMs: 40_000 }], average(100)), 13, 'old, ready once, busy now: counts')
  t.equal(replicas([400, { phase: 'Pending', isReady: false }], average(100)), 4, 'pending: 400 / 2 × 2')
})

void t.test('pods on their way out count for nothing', async t => {
  t.equal(replicas([100, { isDeleting: true, milli: 9000 }, { phase: 'Failed' }], average(100), { current: 1 }), 1)
})

void t.test('without anything to go by there is no proposal', async t => {
  const refused = (...args: Parameters<typeof input>): string => {
    try {
      propose(SPEC, input(...args))
      return ''
    } catch (error) {
      if (error instanceof NoProposal) return error.message
      throw error
    }
  }
  t.equal(refused([], average(100)), 'no pods returned by selector while calculating replica count')
  t.equal(refused([{}, {}], average(100)), 'did not receive metrics for targeted pods (pods might be unready)')
  t.equal(refused([100], utilization(50, 0)), 'no metrics returned matched known pods')
})
