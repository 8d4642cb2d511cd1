import fc from 'fast-check'
import { test } from 'tap'
import { ObjectTexts } from '../../../sim/apiserver/object-texts.ts'
import type { Stored } from '../../../sim/cluster/index.ts'

/** What versions of a few pods share, and what they do not. */
const LABELS = [{ app: 'a' }, { app: 'b' }, undefined]
const CONTAINERS = [[{ name: 'a' }], [{ name: 'b', args: ['"', 'ü'] }]]
const SPECS = CONTAINERS.flatMap(containers => [
  { containers },
  { containers, nodeName: 'node-1' },
  { containers, priority: 0, nodeName: 'node-2' },
  { nodeName: 'node-3', containers },
])
const STATUSES = [
  undefined,
  { phase: 'Pending' },
  { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
]

const version = fc
  .record({
    uid: fc.constantFrom('1', '2', '3'),
    labels: fc.constantFrom(...LABELS),
    annotation: fc.string(),
    spec: fc.constantFrom(...SPECS),
    status: fc.constantFrom(...STATUSES),
    statusFirst: fc.boolean(),
  })
  .map(({ uid, labels, annotation, spec, status, statusFirst }) => {
    const metadata = { name: `pod-${uid}`, uid, labels, annotations: { note: annotation } }
    const parts = statusFirst ? { status, metadata, spec } : { metadata, spec, status }
    return { ...parts, kind: 'Pod' } as unknown as Stored
  })

test('whatever has been asked for before, the text of an object is its JSON', async () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(version, fc.boolean(), fc.boolean()), { maxLength: 30 }), asked => {
      const texts = new ObjectTexts()
      for (const [object, isOneOfMany, forgets] of asked) {
        const expected = JSON.stringify(object)
        if (texts.of(object, isOneOfMany) !== expected || texts.of(object) !== expected) return false
        if (forgets) texts.forget(object.metadata.uid)
      }
      return asked.every(([object]) => texts.of(object) === JSON.stringify(object))
    }),
  )
})

test('what is kept stays within its bound', async t => {
  const texts = new ObjectTexts()
  const filler = 'x'.repeat(1024 * 1024)
  const objects = Array.from(
    { length: 100 },
    (_, i) => ({ metadata: { uid: `${i}` }, filler: filler + i }) as unknown as Stored,
  )
  for (const object of objects) texts.of(object)
  t.ok(texts.length <= 64 * 1024 * 1024)
  t.ok(texts.length > 60 * 1024 * 1024)
  for (const object of objects) texts.forget(object.metadata.uid)
  t.equal(texts.length, 0)
})
