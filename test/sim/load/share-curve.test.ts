// What reaches each ready pod. Property: the integral that is kept equals the sum of what flows in each millisecond, worked
// out anew by a model that keeps nothing but the list of changes.
import * as fc from 'fast-check'
import t from 'tap'
import { HISTORY_MS, ShareCurve } from '../../../sim/load/share-curve.ts'

type Change =
  | { readonly atMs: number; readonly ready: number }
  | { readonly atMs: number; readonly rps: number; readonly overMs: number }

const changes = fc
  .array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 400 }),
      change: fc.oneof(
        fc.record({ ready: fc.integer({ min: 0, max: 5 }) }),
        fc.record({ rps: fc.integer({ min: 0, max: 2000 }), overMs: fc.integer({ min: 0, max: 600 }) }),
      ),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((list): Change[] => {
    let atMs = 0
    return list.map(({ afterMs, change }) => ({ ...change, atMs: (atMs += afterMs) }))
  })

/** What is offered at an instant, and how many are ready: everything that was said up to it, from the start. */
function naive(all: readonly Change[], atMs: number): { readonly rps: number; readonly ready: number } {
  let ready = 0
  let ramp = { atMs: 0, from: 0, to: 0, overMs: 0 }
  const offered = (ms: number): number =>
    ms - ramp.atMs >= ramp.overMs ? ramp.to : ramp.from + ((ramp.to - ramp.from) * (ms - ramp.atMs)) / ramp.overMs
  for (const change of all) {
    if (change.atMs > atMs) break
    if ('ready' in change) ready = change.ready
    else ramp = { atMs: change.atMs, from: offered(change.atMs), to: change.rps, overMs: change.overMs }
  }
  return { rps: offered(atMs), ready }
}

function play(all: readonly Change[]): ShareCurve {
  const curve = new ShareCurve()
  for (const change of all) {
    if ('ready' in change) curve.setReady(change.atMs, change.ready)
    else curve.setOffered(change.atMs, change.rps, change.overMs)
  }
  return curve
}

void t.test('the integral is the sum of the instants, and never falls', async t => {
  fc.assert(
    fc.property(changes, all => {
      const curve = play(all)
      let sum = 0
      let before = 0
      // Everything changes at whole milliseconds, so that within one there is a straight line.
      for (let ms = 0; ms < all.at(-1)!.atMs + 700; ms++) {
        const { rps, ready } = naive(all, ms)
        const middle = naive(all, ms + 0.5).rps
        if (Math.abs(curve.offeredAt(ms) - rps) > 1e-6) return false
        if (Math.abs(curve.shareAt(ms) - (ready === 0 ? 0 : rps / ready)) > 1e-6) return false
        const requests = curve.requestsAt(ms)
        if (requests < before || Math.abs(requests - sum) > 1e-6) return false
        before = requests
        sum += ready === 0 ? 0 : middle / 1000 / ready
      }
      return true
    }),
    { numRuns: 60 },
  )
  t.pass()
})

void t.test('a minute is remembered however often things change, and memory does not grow with them', async t => {
  const curve = new ShareCurve()
  curve.setOffered(0, 1000, 0)
  const steps = 20_000
  for (let i = 1; i <= steps; i++) curve.setReady(i * 20, (i % 4) + 1)
  const now = steps * 20
  // Within the last minute, 20 ms at 1000 divided by the number of ready pods.
  const from = now - HISTORY_MS
  const perRound = (1000 / 1 + 1000 / 2 + 1000 / 3 + 1000 / 4) * 0.02
  const got = curve.requestsAt(now) - curve.requestsAt(from)
  t.ok(Math.abs(got - perRound * (HISTORY_MS / 80)) < 1e-6, `${got}`)
  t.ok(curve.pieces <= (2 * HISTORY_MS) / 20 + 32, `${curve.pieces} pieces`)
  t.equal(curve.requestsAt(from - 1) < curve.requestsAt(from), true)
})
