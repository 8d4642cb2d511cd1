// Sorting in memory, and by way of the disk, gives the same: order by time, then rank, then arrival.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { TimeSorter } from '../../../../sim/trace/convert/time-sorter.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-sorter-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

void t.test('any items, any number of runs', async t => {
  const item = fc.record({ t: fc.integer({ min: 0, max: 5 }), rank: fc.integer({ min: 0, max: 2 }), text: fc.string() })
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 60 }), fc.integer({ min: 1, max: 70 }), async (items, runItems) => {
      const numbered = items.map((value, i) => ({ ...value, i }))
      const sorter = new TimeSorter<(typeof numbered)[number]>(dir, runItems)
      const out: typeof numbered = []
      try {
        for (const value of numbered) await sorter.add(value)
        for await (const batch of sorter.sorted()) out.push(...batch)
      } finally {
        sorter.close()
      }
      t.same(
        out,
        [...numbered].sort((a, b) => a.t - b.t || a.rank - b.rank || a.i - b.i),
      )
    }),
    { numRuns: 60 },
  )
  t.same(readdirSync(dir), [], 'nothing is left on the disk')
})
