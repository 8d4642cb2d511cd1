import t from 'tap'
import { Prng } from '../../base/index.ts'
import { compareArms } from '../../reports/index.ts'
import { type Experiment, experiment } from './statistics-simulation.ts'

/**
 * The statistics tried on data of which the truth is known, through `compareArms` as a whole: Show 1 of issue 3.
 *
 * CHURNBENCH_SELF_TEST=1000 takes so many experiments of each kind in place of 150.
 */
const EXPERIMENTS = Number(process.env.CHURNBENCH_SELF_TEST ?? 150)

const COMMON = {
  blocks: 8,
  requests: 2000,
  sigma: 0.3,
  variation: 0.03,
  drift: 0,
  gates: { query_latency: ['p50', 'p95', 'p99'] },
} as const

/** Shares of the experiments: with any gate regressed or improved; with p99 regressed; with p99 called unchanged. */
function tried(name: string, options: Experiment) {
  const seeds = new Prng(`self-test/${name}`)
  const counts = { alarms: 0, found: 0, unchanged: 0, undecided: 0 }
  for (let i = 0; i < EXPERIMENTS; i++) {
    const { rows } = compareArms(experiment(seeds.fork(String(i)), options))
    const gates = rows.filter(row => row.gate)
    const p99 = gates.find(row => row.statistic === 'p99')!
    if (gates.some(row => row.verdict === 'regressed' || row.verdict === 'improved')) counts.alarms++
    if (p99.verdict === 'regressed') counts.found++
    if (p99.verdict === 'unchanged') counts.unchanged++
    if (p99.verdict === 'inconclusive') counts.undecided++
  }
  const share = (count: number): number => count / EXPERIMENTS
  return {
    alarms: share(counts.alarms),
    found: share(counts.found),
    unchanged: share(counts.unchanged),
    undecided: share(counts.undecided),
  }
}

const same = { factor: 1, from: 0 } as const

void t.test(`A/A: at most 5 % of ${EXPERIMENTS} comparisons call any gate changed`, async t => {
  const found = tried('A/A', { ...COMMON, effect: same })
  t.comment(found)
  t.ok(found.alarms <= 0.05, `${found.alarms}`)
})

void t.test(`A/A on a machine that gets 10 % slower meanwhile: likewise`, async t => {
  const found = tried('drift', { ...COMMON, effect: same, drift: 0.1 })
  t.comment(found)
  t.ok(found.alarms <= 0.05, `${found.alarms}`)
})

void t.test('+10 % at the p99 with 3 % variation and 8 blocks is found in at least 90 %', async t => {
  const found = tried('+10 %', { ...COMMON, effect: { factor: 1.1, from: 0 } })
  t.comment(found)
  t.ok(found.found >= 0.9, `${found.found}`)
})

void t.test('+10 % of the tail alone is found in the tail, which is then one gate of three', async t => {
  const found = tried('tail', { ...COMMON, effect: { factor: 1.1, from: 0.9 } })
  t.comment(found)
  t.ok(found.found >= 0.8, `${found.found}`)
})
