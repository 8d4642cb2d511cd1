// By what a stored sample is recognised: its value, its names, and the format that its scrape was answered in.
import t from 'tap'
import { scrapesByFormat } from '../../harness/probes/formats.ts'
import { isSameValue, canonicalKeys } from '../../harness/probes/samples.ts'

void t.test('values are the same to the last bit, unless a subject admits to less', async t => {
  t.ok(isSameValue(NaN, NaN, 0))
  t.ok(isSameValue(Infinity, Infinity, 0))
  t.ok(isSameValue(0, -0, 0))
  t.notOk(isSameValue(NaN, 1, 0))
  t.notOk(isSameValue(1, NaN, 1e-3))
  t.notOk(isSameValue(-Infinity, Infinity, 0))
  t.notOk(isSameValue(1 + Number.EPSILON, 1, 0))
  t.ok(isSameValue(1.0001, 1, 1e-3))
})

void t.test('a series is found under its name, and under what it is escaped to', async t => {
  const series = [
    { name: 'plain', labels: { a: '1' } },
    { name: 'http.requests', labels: { 'my label': 'x' } },
  ]
  const page = { series, sampleCount: 2, valueAt: () => 0 }
  const keys = [...canonicalKeys(new Set([page]))]
  t.equal(keys.length, 3, 'a legacy name has one key')
  t.equal(new Set(keys.map(([, key]) => key)).size, 2)
  t.ok(
    keys.some(
      ([key, own]) => key.includes('http_requests') && key.includes('my_label') && own.includes('http.requests'),
    ),
  )
})

void t.test('scrapes count by format when their answers were complete', async t => {
  const log = {
    uid: 'a',
    requestMs: Float64Array.of(1, 2, 3, 4),
    served: Uint8Array.of(1, 1, 0, 1),
    runs: [],
    formats: Uint8Array.of(1, 5, 5, 1),
  }
  t.same(scrapesByFormat([log]), {
    scrapes_served: { value: 3 },
    'scrapes_served{format=text-0.0.4}': { value: 2 },
    'scrapes_served{format=protobuf}': { value: 1 },
  })
})
