import fc from 'fast-check'
import t from 'tap'
import { extended } from '../../base/index.ts'

t.test('an extended object is what the spread would be, with its fields in the same order', async t => {
  const record = fc.dictionary(
    fc.string().filter(name => name !== '__proto__'),
    fc.integer(),
  )
  fc.assert(
    fc.property(record, record, (object, added) => {
      const before = JSON.stringify([object, added])
      t.equal(JSON.stringify(extended(object, added)), JSON.stringify({ ...object, ...added }))
      t.equal(JSON.stringify([object, added]), before, 'neither is changed')
    }),
    { numRuns: 200 },
  )
  t.same(extended(undefined, { a: 1 }), { a: 1 })
})
