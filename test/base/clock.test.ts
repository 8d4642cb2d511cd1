import fc from 'fast-check'
import t from 'tap'
import { PacedClock, SystemClock, VirtualClock } from '../../base/index.ts'

t.test('a virtual clock makes calls in order of time, then of planning', t => {
  const clock = new VirtualClock(1000)
  const seen: string[] = []
  clock.schedule(20, () => seen.push(`b@${clock.elapsedMs}`))
  clock.schedule(10, () => {
    seen.push(`a@${clock.elapsedMs}`)
    clock.schedule(10, () => seen.push(`d@${clock.elapsedMs}`))
  })
  clock.schedule(20, () => seen.push(`c@${clock.elapsedMs}`))
  const cancelled = clock.schedule(5, () => seen.push('never'))
  cancelled.cancel()
  cancelled.cancel()
  t.equal(clock.pending, 3)
  clock.advance(30)
  t.same(seen, ['a@10', 'b@20', 'c@20', 'd@20'])
  t.equal(clock.unixMs(), 1030)
  t.equal(clock.monotonicNs(), 30_000_000n)
  t.throws(() => clock.advance(-1), /cannot go back/)
  t.end()
})

t.test('any plan runs sorted and stable', t => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { maxLength: 60 }), delays => {
      const clock = new VirtualClock()
      const seen: [number, number][] = []
      delays.forEach((delay, index) => clock.schedule(delay, () => seen.push([delay, index])))
      clock.advance(50)
      const expected = delays
        .map((delay, index): [number, number] => [delay, index])
        .toSorted((a, b) => a[0] - b[0] || a[1] - b[1])
      return JSON.stringify(seen) === JSON.stringify(expected)
    }),
  )
  t.end()
})

t.test('a plan of which most is cancelled runs what is left, sorted and stable', t => {
  const clock = new VirtualClock()
  const seen: [number, number][] = []
  const expected: [number, number][] = []
  for (let index = 0; index < 5_000; index++) {
    const delay = (index * 7919) % 1_000
    const timer = clock.schedule(delay, () => seen.push([delay, index]))
    if (index % 9 === 0) expected.push([delay, index])
    else timer.cancel()
  }
  t.equal(clock.pending, expected.length)
  clock.advance(1_000)
  t.same(
    seen,
    expected.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]),
  )
  t.equal(clock.pending, 0)
  t.end()
})

t.test('advanceAsync lets awaiting code go on between calls', async t => {
  const clock = new VirtualClock()
  const wait = (ms: number): Promise<void> => new Promise(resolve => clock.schedule(ms, resolve))
  const seen: number[] = []
  const loop = (async () => {
    for (let i = 0; i < 3; i++) {
      await wait(10)
      seen.push(clock.elapsedMs)
    }
  })()
  await clock.advanceAsync(30)
  await loop
  t.same(seen, [10, 20, 30])
})

t.test('a paced clock shows planned instants, whatever the real delay', async t => {
  const lags: number[] = []
  const clock = new PacedClock({ speed: 100, stats: { onLag: ns => lags.push(ns) } })
  const seen: number[] = []
  await new Promise<void>(resolve => {
    clock.schedule(300, () => {
      seen.push(clock.elapsedMs)
      clock.schedule(0, () => seen.push(clock.elapsedMs))
    })
    clock.schedule(700, () => {
      seen.push(clock.elapsedMs)
      resolve()
    })
    t.equal(clock.elapsedMs, 0, 'time stands before the start')
    clock.start()
  })
  clock.stop()
  t.same(seen, [300, 300, 700])
  t.equal(lags.length, 3)
  t.ok(lags.every(lag => lag >= 0))
})

t.test('a hold stops planned time until its promise settles, and changes no planned instant', async t => {
  const clock = new PacedClock({ speed: 1000 })
  const order: string[] = []
  let release: () => void = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  await new Promise<void>(resolve => {
    clock.schedule(10, () => {
      order.push(`hold@${clock.elapsedMs}`)
      clock.hold(held)
      setImmediate(() => setImmediate(() => release()))
    })
    void held.then(() => order.push('released'))
    clock.schedule(11, () => {
      order.push(`after@${clock.elapsedMs}`)
      resolve()
    })
    clock.start()
  })
  clock.stop()
  t.same(order, ['hold@10', 'released', 'after@11'])
})

t.test('a stopped paced clock makes no more calls', async t => {
  const clock = new PacedClock({ speed: 1000 })
  clock.schedule(1, () => clock.stop())
  clock.schedule(1, () => t.fail('called after stop'))
  clock.start()
  await new Promise(resolve => new SystemClock().schedule(5, () => resolve(undefined)))
  t.pass()
})
