import fc from 'fast-check'
import t from 'tap'
import { Prng } from '../../base/index.ts'
import { discoveryFloor, type ScrapedPod } from '../../harness/probes/discovery-floor.ts'
import { schedulePhase } from '../../harness/probes/phase.ts'

const INTERVAL_MS = 1000

/** A pod known at `eligibleMs`, scraped first at `firstMs`, then at ten instants of its schedule. */
function pod(eligibleMs: number, firstMs: number, scheduleMs: number, jitter = (): number => 0): ScrapedPod {
  const requests = Array.from({ length: 10 }, (_, i) => scheduleMs + i * INTERVAL_MS + jitter())
  return { eligibleMs, requestMs: Float64Array.of(firstMs, ...requests) }
}

/** Pods become known at any instants; `first` says when they are scraped first, and when next. */
function pods(count: number, first: (eligibleMs: number, prng: Prng) => readonly [number, number]): ScrapedPod[] {
  const prng = new Prng('floor')
  return Array.from({ length: count }, () => {
    const eligibleMs = prng.between(0, 20_000)
    const [firstMs, nextMs] = first(eligibleMs, prng)
    return pod(eligibleMs, firstMs, nextMs, () => prng.between(0, 3))
  })
}

t.test('a subject that waits for a schedule of its own: the floor is the wait, not what discovery added', t => {
  const waits: number[] = []
  const floor = discoveryFloor(
    pods(101, (eligibleMs, prng) => {
      const wait = prng.between(0, INTERVAL_MS)
      waits.push(wait)
      // Two whole intervals pass until the subject has noticed.
      return [eligibleMs + wait + 2 * INTERVAL_MS, eligibleMs + wait + 3 * INTERVAL_MS]
    }),
    INTERVAL_MS,
  )!
  const median = waits.toSorted((a, b) => a - b)[50]!
  t.ok(Math.abs(floor - median) < 15, `${floor} ms, ${median} ms were waited`)
  t.end()
})

t.test('a subject that goes at once has no floor, whatever its schedule is later', t => {
  const own = pods(50, (eligibleMs, prng) => [eligibleMs + 7, eligibleMs + 200 + prng.between(0, INTERVAL_MS)])
  t.equal(discoveryFloor(own, INTERVAL_MS), 0, 'a schedule of the target')
  const anchored = pods(50, (eligibleMs, prng) => {
    const firstMs = eligibleMs + 250 + prng.between(0, 40)
    return [firstMs, firstMs + INTERVAL_MS]
  })
  t.equal(discoveryFloor(anchored, INTERVAL_MS), 0, 'a schedule that begins with the first scrape')
  t.end()
})

t.test('pods that were scraped too seldom say nothing', t => {
  t.equal(discoveryFloor([], INTERVAL_MS), undefined)
  t.equal(discoveryFloor([{ eligibleMs: 0, requestMs: Float64Array.of(300, 1300) }], INTERVAL_MS), undefined)
  t.equal(discoveryFloor([{ eligibleMs: 0, requestMs: Float64Array.of(300, 1300, 2300) }], INTERVAL_MS), 300)
  t.end()
})

t.test('the floor lies between 0 and the interval, and never above the latency', t => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ eligible: fc.nat(100_000), wait: fc.nat(5000), gap: fc.integer({ min: 1, max: 1000 }) }), {
        minLength: 1,
        maxLength: 40,
      }),
      specs => {
        const all = specs.map(({ eligible, wait, gap }) => pod(eligible, eligible + wait, eligible + wait + gap))
        const floor = discoveryFloor(all, INTERVAL_MS)!
        return floor >= 0 && floor <= INTERVAL_MS && floor <= Math.max(...specs.map(({ wait }) => wait))
      },
    ),
  )
  t.end()
})

t.test('the phase of a schedule is its most punctual scrape, however long the run', t => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { minLength: 1, maxLength: 200 }),
      (start, jitters) => {
        const requests = Float64Array.from(jitters, (jitter, i) => start + i * INTERVAL_MS + jitter)
        const phase = schedulePhase(requests, INTERVAL_MS)
        const turns = (phase - start - Math.min(...jitters)) / INTERVAL_MS
        return Math.abs(turns - Math.round(turns)) < 1e-6
      },
    ),
  )
  t.end()
})
