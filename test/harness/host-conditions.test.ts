import t from 'tap'
import { hostConditions, hostWarnings, parseCpuTicks, parseThrottled } from '../../harness/host-conditions.ts'
import { harnessFaults } from '../../harness/verdict.ts'

const STAT = `cpu  1000 0 500 8000 100 0 50 20 0 0
cpu0 500 0 250 4000 50 0 25 10 0 0
cpu1 500 0 250 4000 50 0 25 10 0 0
intr 1
`

t.test("the kernel's counters", t => {
  t.same(parseCpuTicks(STAT), { count: 2, busy: 1550, steal: 20, total: 9670 })
  t.equal(parseCpuTicks('nonsense'), undefined)
  t.equal(parseCpuTicks(undefined), undefined)
  t.equal(parseThrottled('usage_usec 5\nnr_periods 10\nnr_throttled 3\n'), 3)
  t.equal(parseThrottled('usage_usec 5\n'), undefined)
  t.end()
})

t.test('what others did meanwhile is what the harness and the subject did not', t => {
  const before = { cpu: { count: 2, busy: 100, steal: 0, total: 1000 }, throttledPeriods: 4 }
  // 10 s of two CPUs in ticks of 10 ms: 1 200 busy, of which 8 s are ours.
  const after = { cpu: { count: 2, busy: 1300, steal: 40, total: 3000 }, throttledPeriods: 4 }
  const host = hostConditions(before, after, 8, 10)
  t.same(host, { stealRatio: 0.02, othersRatio: 0.2, throttledPeriods: 0 })
  t.same(
    hostWarnings(host).map(({ code }) => code),
    ['steal', 'busy-machine'],
  )
  t.same(hostWarnings({ stealRatio: 0, othersRatio: 0.02 }), [])
  t.same(hostConditions({}, {}, 8, 10), {}, 'nothing is made up where the kernel says nothing')
  t.end()
})

t.test('a throttled run is invalid', t => {
  t.match(harnessFaults(undefined, { throttledPeriods: 2 }), [/lag/, /throttled us in 2 periods/])
  t.end()
})
