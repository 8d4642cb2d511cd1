// Goal: what the harness reports is what really happened, to the sample and to the millisecond.
// Method: a subject in a process of its own that misbehaves exactly as told and keeps a ledger of it, run by the real harness
// against the real simulation. The monotonic clock is one for all processes of a machine, so the assertions are orderings
// (sent ≤ seen ≤ received) and counts, which hold on a machine of any speed.
import { PassThrough } from 'node:stream'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ExitCode, SystemClock } from '../../base/index.ts'
import type { Ask } from '../../harness/calibration-subject/ledger.ts'
import { resolveScenario } from '../../harness/scenario.ts'
import { runScenario } from '../../harness/run.ts'
import type { HistogramValue, Run } from '../../reports/index.ts'
import type { ScenarioInput } from '../../scenarios/index.ts'
import { type CalibrationRun, calibrationRun, COMING_AND_GOING, type SeenPod, valueOf } from './calibration-run.ts'

const INTERVAL_MS = 500

/** Above what three digits of a histogram and the rounding of instants make of a value, in milliseconds. */
const roundingMs = (ms: number): number => ms * 0.0011 + 0.001

interface Between {
  readonly lowMs: number
  readonly highMs: number
}

/** A reported histogram holds one value within each of the bounds, and no other: compared in order. */
function holds(t: Test, run: Run, name: string, bounds: readonly Between[]): void {
  const metric = run.metrics[name]
  if (metric === undefined || !('hdr' in metric)) {
    t.fail(`the run has no histogram ${name}`)
    return
  }
  t.equal(metric.count, bounds.length, `${name}: entries`)
  const lows = bounds.map(({ lowMs }) => lowMs).toSorted((a, b) => a - b)
  const highs = bounds.map(({ highMs }) => highMs).toSorted((a, b) => a - b)
  const at = (values: readonly number[], percentile: number): number =>
    values[Math.max(0, Math.ceil((percentile / 100) * values.length) - 1)]!
  for (const [label, percentile] of [
    ['min', 0],
    ['p50', 50],
    ['p90', 90],
    ['p99', 99],
    ['max', 100],
  ] as const) {
    const ms = metric[label] * 1000
    const [low, high] = [at(lows, percentile), at(highs, percentile)]
    t.ok(
      ms >= low - roundingMs(low) && ms <= high + roundingMs(high),
      `${name} ${label}: ${low.toFixed(3)} ≤ ${ms.toFixed(3)} ≤ ${high.toFixed(3)} ms`,
    )
  }
}

const msBetween = (fromNs: bigint | string, toNs: bigint | string): number =>
  Number(BigInt(toNs) - BigInt(fromNs)) / 1e6

/** The requests that reached the pod's socket, as the subject and as the socket saw them. */
function meetings(pod: SeenPod): readonly { readonly ask: Ask; readonly seenNs: bigint; readonly served: boolean }[] {
  const { asks = [] } = pod.entry ?? {}
  return pod.requests.map(({ atNs, served }, i) => ({ ask: asks[i]!, seenNs: atNs, served }))
}

function seesEveryRequest(t: Test, { pods }: CalibrationRun): void {
  let count = 0
  const early: string[] = []
  for (const pod of pods) {
    for (const { ask, seenNs } of meetings(pod)) {
      count++
      // The log keeps instants in milliseconds as doubles: nanoseconds are lost.
      const [sent, received] = [
        BigInt(ask.sentNs) - 1000n,
        ask.receivedNs === undefined ? seenNs : BigInt(ask.receivedNs) + 1000n,
      ]
      if (seenNs < sent || seenNs > received) early.push(`${pod.history.target.pod}: ${sent} ${seenNs} ${received}`)
    }
  }
  t.ok(count > 20, `${count} requests`)
  t.same(early, [], 'each request was seen after it was sent and before it was answered')
}

/** Discovery latency counts from planned time to what the socket saw: between what the subject sent and received. */
function discoveryBounds(run: CalibrationRun): Between[] {
  return run.pods.flatMap(({ history, entry }) => {
    const first = entry?.asks[0]
    if (history.addressedNs === undefined) return []
    if (first === undefined) {
      const endNs = history.terminatingNs ?? run.endNs
      return [{ lowMs: msBetween(history.addressedNs, endNs) - 5, highMs: msBetween(history.addressedNs, endNs) }]
    }
    return [
      {
        lowMs: msBetween(history.addressedNs, first.sentNs),
        highMs: msBetween(history.addressedNs, first.receivedNs ?? String(run.endNs)),
      },
    ]
  })
}

t.test('discovery, visibility and staleness of a faithful subject with two delays', async t => {
  const run = await calibrationRun(t, { args: ['--discovery-delay=0s,250ms'] })
  const { pods } = run
  t.equal(pods.length, 8)
  seesEveryRequest(t, run)
  holds(t, run.run, 'discovery_latency', discoveryBounds(run))
  for (const { history, entry, truth } of pods) {
    const waitedMs = msBetween(entry!.learntNs, truth.firstScrapeNs!)
    t.ok(waitedMs >= entry!.delayMs, `${history.target.pod} was seen ${waitedMs.toFixed(2)} ms after it was learnt of`)
  }
  t.same(new Set(pods.map(({ entry }) => entry!.delayMs)), new Set([0, 250]), 'both delays occur')

  // The answer that held a pod first was read after it was put together, and before the next question came in.
  for (const { history, entry, visibleNs } of pods) {
    t.ok(entry!.shownNs !== undefined && visibleNs !== undefined, `${history.target.pod} was seen in an answer`)
    t.ok(visibleNs! >= BigInt(entry!.shownNs!), 'not before it was given')
    t.ok(visibleNs! <= BigInt(entry!.afterShownNs ?? run.endNs), 'not after the next question')
  }
  const visibility = pods.map(({ history, visibleNs }) => msBetween(history.addressedNs!, visibleNs!))
  holds(
    t,
    run.run,
    'visibility_latency',
    visibility.map(ms => ({ lowMs: ms, highMs: ms })),
  )
  const gone = pods.filter(({ history }) => history.deletedNs !== undefined)
  t.ok(gone.length >= 5)
  const staleness = run.run.metrics['staleness_latency'] as HistogramValue
  t.equal(staleness.count, gone.length)
  const hidden = gone.map(({ history, entry }) => msBetween(history.deletedNs!, entry!.hiddenNs ?? String(run.endNs)))
  t.ok(staleness.min * 1000 >= Math.min(...hidden) - roundingMs(Math.min(...hidden)), 'none before the subject said so')
  // The last attempt is the subject's own time stamp, on the wall clock: the two clocks may part by some milliseconds.
  const removal = run.run.metrics['removal_latency'] as HistogramValue
  t.equal(removal.count, gone.length)
  const attempts = gone.map(({ history, entry }) =>
    Math.max(0, ...entry!.asks.map(({ sentNs }) => msBetween(history.deletedNs!, sentNs))),
  )
  t.ok(
    Math.abs(removal.max * 1000 - Math.max(...attempts)) < 50,
    `removal ${removal.max} s, ${Math.max(...attempts)} ms`,
  )
  punctual(t, run)
  counted(t, run)
})

/** What of a schedule's instants was due before the target's end, and what came of each. */
function punctual(t: Test, run: CalibrationRun): void {
  const bounds: Between[] = []
  let [least, most, duplicates] = [0, 0, 0]
  for (const pod of run.pods) {
    const met = meetings(pod)
    const untilNs = pod.history.terminatingNs ?? run.endNs
    const asked = met.filter(({ ask, seenNs }) => !ask.again && seenNs <= untilNs)
    duplicates += met.filter(({ ask, seenNs }) => ask.again && seenNs <= untilNs).length
    if (asked.length === 0) continue
    const scheduled = asked.slice(1)
    // The harness knows the schedule by the most punctual request only: so much too late.
    const shiftMs = Math.min(...scheduled.map(({ ask, seenNs }) => msBetween(ask.dueNs, seenNs)), Infinity)
    for (const { ask, seenNs } of scheduled.length > 1 ? scheduled : []) {
      const lateMs = msBetween(ask.dueNs, seenNs) - shiftMs
      bounds.push({ lowMs: lateMs, highMs: lateMs })
    }
    const first = BigInt(asked[0]!.ask.dueNs)
    const slots = new Map(scheduled.map(({ ask, seenNs }) => [ask.slot, seenNs]))
    const dueMs = (slot: number): number => slot * INTERVAL_MS
    const endMs = msBetween(first, untilNs)
    for (let slot = 1; dueMs(slot) <= endMs - INTERVAL_MS; slot++) {
      if (slots.has(slot)) continue
      const nextNs = scheduled.find(({ seenNs }) => msBetween(first, seenNs) >= dueMs(slot))?.seenNs
      const surely =
        nextNs !== undefined || dueMs(slot) + INTERVAL_MS + (scheduled.length === 0 ? INTERVAL_MS : shiftMs) <= endMs
      most++
      if (surely) least++
      const highMs = msBetween(first, nextNs ?? untilNs) - dueMs(slot)
      bounds.push({ lowMs: highMs - (Number.isFinite(shiftMs) ? shiftMs : 0) - 1, highMs })
    }
  }
  const missed = valueOf(run.run, 'scrapes_missed')
  t.ok(missed >= least && missed <= most, `scrapes_missed: ${least} ≤ ${missed} ≤ ${most}`)
  t.equal(valueOf(run.run, 'scrapes_duplicate'), duplicates, 'scrapes_duplicate')
  if (least === most) holds(t, run.run, 'scrape_lateness', bounds)
}

/** Targets and samples: counted, not estimated. */
function counted(t: Test, run: CalibrationRun): { readonly lost: number; readonly wrong: number } {
  const { pods, endNs } = run
  const page = Math.max(...pods.flatMap(({ entry }) => entry?.asks.map(({ samples }) => samples) ?? []))
  let [served, lost, wrong, missed] = [0, 0, 0, 0]
  for (const pod of pods) {
    if (pod.requests.length === 0) missed++
    for (const { ask, seenNs, served: complete } of meetings(pod)) {
      if (!complete || seenNs >= endNs) continue
      served += page
      if (ask.samples === 0) lost += page
      lost += ask.lost + ask.wrong
      wrong += ask.wrong + ask.duplicate
    }
  }
  t.equal(valueOf(run.run, 'targets_missed'), missed, 'targets_missed')
  t.equal(valueOf(run.run, 'samples_served'), served, 'samples_served')
  t.equal(valueOf(run.run, 'samples_lost'), lost, 'samples_lost')
  t.equal(valueOf(run.run, 'samples_wrong'), wrong, 'samples_wrong')
  t.equal(valueOf(run.run, 'samples_stored'), served - lost, 'samples_stored')
  return { lost, wrong }
}

t.test('all faults at once are counted exactly', async t => {
  const run = await calibrationRun(t, {
    args: [
      '--first-scrape=on-schedule',
      '--miss-targets=1/4',
      '--scrapes-per-pod=7',
      '--skip-scrapes=1/5',
      '--duplicate-scrapes=1/4',
      '--late=1/3,60ms',
      '--lose-scrapes=1/6',
      '--lose-samples=1/97',
      '--wrong-values=1/31',
      '--duplicate-samples=1/83',
    ],
  })
  seesEveryRequest(t, run)
  holds(t, run.run, 'discovery_latency', discoveryBounds(run))
  punctual(t, run)
  const { lost, wrong } = counted(t, run)
  const missed = run.pods.filter(({ entry }) => entry!.missed)
  t.ok(missed.length > 0 && lost > 100 && wrong > 50, `${missed.length} pods missed, ${lost} lost, ${wrong} wrong`)
  t.equal((run.run.metrics['visibility_latency'] as HistogramValue).censored, missed.length, 'never seen in a query')
  // A stored identity sample may be the one that is lost or wrong, and is so in this run.
  t.ok(valueOf(run.run, 'samples_stored') > 1000)

  const waits = run.pods.flatMap(({ history, entry }) => {
    const [first, ...later] = entry!.asks
    return first === undefined || later.length < 2 ? [] : [msBetween(history.addressedNs!, first.dueNs)]
  })
  const floorMs = valueOf(run.run, 'discovery_floor') * 1000
  t.ok(floorMs <= Math.max(...waits) + 1 && floorMs >= 0, `the floor ${floorMs} ms is among the waits for the schedule`)
})

t.test('a subject that stands still is seen in the tail', async t => {
  // Process time: six seconds of warm-up come first.
  const run = await calibrationRun(t, { args: ['--stall=9s,2500ms'] })
  const [stall] = run.ledger.stalls
  t.ok(stall !== undefined)
  const stallMs = msBetween(stall!.fromNs, stall!.toNs)
  seesEveryRequest(t, run)
  holds(t, run.run, 'discovery_latency', discoveryBounds(run))
  punctual(t, run)
  counted(t, run)
  const lateness = run.run.metrics['scrape_lateness'] as HistogramValue
  t.ok(lateness.max * 1000 > stallMs - INTERVAL_MS - 100, `lateness ${lateness.max} s of a stall of ${stallMs} ms`)
  // What was due while it stood still is a share of everything; so much of the distribution must be late.
  const due = run.pods.flatMap(({ entry }) =>
    [...entry!.asks.slice(1), ...entry!.skipped].map(({ dueNs }) => BigInt(dueNs)),
  )
  const inStall = due.filter(ns => ns > BigInt(stall!.fromNs) && ns < BigInt(stall!.toNs)).length
  t.ok(inStall / due.length > 0.1, `${inStall} of ${due.length} instants lay in the stall`)
  t.ok(lateness.p99 * 1000 > stallMs - 2 * INTERVAL_MS, `p99 ${lateness.p99} s`)
})

t.test('a run whose harness was slowed on purpose is invalid, and exits 5', async t => {
  const scenario: ScenarioInput = {
    ...COMING_AND_GOING,
    scenarios: {
      ...COMING_AND_GOING.scenarios,
      slow: {
        executor: 'constant-arrival-rate',
        rate: 5,
        timeUnit: '1s',
        duration: '5s',
        exec: 'stall-harness',
        args: { for: '50ms' },
      },
    },
  }
  const report = await runScenario(new SystemClock(), {
    scenario: resolveScenario(scenario, { profile: 'quick', seed: '1', set: [] }),
    subject: { kind: 'calibration', args: [] },
    outDir: join(t.testdir(), 'out'),
    readyTimeoutMs: 30_000,
    stderr: new PassThrough() as unknown as NodeJS.WriteStream,
    signal: new AbortController().signal,
    root: new URL('../../../', import.meta.url),
  })
  t.equal(report.verdict.status, 'invalid')
  t.equal(report.verdict.exitCode, ExitCode.invalid)
  t.equal(report.verdict.exitCode, 5)
  t.match(report.verdict.reasons.join('\n'), /simulation itself was late: generator_lag p99 is/)
  const lag = report.runs[0]!.metrics['generator_lag'] as HistogramValue
  t.ok(lag.max >= 0.04, `it was late by ${lag.max} s, and said so`)
})
