import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import t from 'tap'
import { LabelIndex, regexShape } from '../../../scraper/index/index.ts'
import { AnchoredRegex, Labels, Matcher, type MatchType } from '../../../scraper/model/index.ts'

const NAMES = ['__name__', 'job', 'pod', 'zone']
const VALUES = ['a', 'b', 'ab', 'api-1', 'api-2', 'api-10', 'web-1', 'a.b', 'x\ny', '😀', 'é', 'api-', '-1']
const PATTERNS = [
  '',
  'a',
  'a|b',
  'a|',
  '|',
  '.*',
  '.+',
  '.',
  '..',
  '()',
  '(a|b)?',
  '(?:a|b)b?',
  'api-.*',
  'api-.+',
  '.*-1',
  '.+-1',
  '.*-.*',
  '.*pi.+',
  'a.*b|web.*',
  'api-[0-9]+',
  'api-[12]',
  '[^a].*',
  '[a-c]+',
  '(api|web)-.*',
  '(api|web)-1',
  '\\d+',
  'a\\.b',
  'a.b',
  '(?i)API-1',
  '^a$',
  '^api-.*$|b',
  '(.*)',
  '(.+)',
  '.*.*',
  '.+.+',
  'api-1?',
  'api-1{1,2}',

  '😀',
  '.😀?',
  '😀*',
  '.*é',
  'x.y',
  '[]a]',
  '[a-]',
  '(a|b.*)',
  'ap(i-)(1|2)',
  '.*?-1',
  'a+',
  '(?P<n>a)',
  'web-.*1',
]

const labelSet = fc
  .record(Object.fromEntries(NAMES.map(name => [name, fc.constantFrom(...VALUES)])), { requiredKeys: [] })
  .filter(record => Object.keys(record).length > 0)
  .map(record => Labels.fromRecord(record as Record<string, string>))

const matcher = fc
  .tuple(
    fc.constantFrom<MatchType>('=', '!=', '=~', '!~'),
    fc.constantFrom(...NAMES, 'absent'),
    fc.constantFrom(...VALUES, ''),
    fc.constantFrom(...PATTERNS),
  )
  .map(([type, name, value, pattern]) => new Matcher(type, name, type === '=' || type === '!=' ? value : pattern))

/** The same by looking at every series. */
class NaiveIndex {
  readonly series = new Map<number, Labels>()

  select(matchers: readonly Matcher[]): number[] {
    return [...this.series]
      .filter(([, labels]) => matchers.every(m => m.matches(labels.get(m.name))))
      .map(([ref]) => ref)
      .sort((a, b) => a - b)
  }
}

type Command =
  | { readonly type: 'add'; readonly labels: Labels }
  | { readonly type: 'remove'; readonly nth: number }
  | { readonly type: 'select'; readonly matchers: readonly Matcher[] }

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: labelSet.map(labels => ({ type: 'add', labels }) as const) },
  { weight: 2, arbitrary: fc.nat(1000).map(nth => ({ type: 'remove', nth }) as const) },
  {
    weight: 4,
    arbitrary: fc.array(matcher, { maxLength: 4 }).map(matchers => ({ type: 'select', matchers }) as const),
  },
)

void t.test('selections agree with a look at every series, while series come and go', async () => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 20, maxLength: 150 }), commands => {
      const index = new LabelIndex()
      const naive = new NaiveIndex()
      let nextRef = 1
      for (const step of commands) {
        if (step.type === 'add') {
          const known = index.find(step.labels)
          if (known === 0) {
            index.add(nextRef, step.labels)
            naive.series.set(nextRef, step.labels)
            // Gaps, as series of other pages leave them.
            nextRef += nextRef % 7 === 0 ? 5000 : 1
          } else {
            assert.ok(naive.series.get(known)!.equals(step.labels))
          }
        } else if (step.type === 'remove') {
          const refs = [...naive.series.keys()]
          if (refs.length === 0) continue
          const ref = refs[step.nth % refs.length]!
          naive.series.delete(ref)
          index.remove(ref)
          assert.equal(index.has(ref), false)
        } else {
          const expected = naive.select(step.matchers)
          assert.deepEqual([...index.select(step.matchers)], expected, step.matchers.join(','))
          const names = new Set<string>()
          const jobs = new Set<string>()
          for (const ref of expected) {
            const labels = naive.series.get(ref)!
            for (const [name] of labels) names.add(name)
            if (labels.has('job')) jobs.add(labels.get('job'))
          }
          assert.deepEqual(index.labelNames(step.matchers), [...names].sort())
          assert.deepEqual(index.labelValues('job', step.matchers), [...jobs].sort())
        }
      }
      assert.equal(index.seriesCount, naive.series.size)
      for (const [ref, labels] of naive.series) {
        assert.ok(index.labels(ref).equals(labels))
        assert.equal(index.find(labels), ref)
      }
      const pairs = new Set([...naive.series.values()].flatMap(labels => [...labels].map(pair => pair.join('='))))
      assert.equal(index.pairCount, pairs.size)
    }),
    { numRuns: 300 },
  )
})

void t.test('many series: every way of evaluating a condition gives the same answer', async t => {
  const index = new LabelIndex()
  const naive = new NaiveIndex()
  for (let ref = 1; ref <= 6000; ref++) {
    const labels = Labels.fromRecord({
      __name__: `metric_${ref % 40}`,
      job: ref % 3 === 0 ? 'web' : 'api',
      pod: `api-${ref % 500}`,
      ...(ref % 2 === 0 ? { zone: `z${ref % 4}` } : {}),
    })
    if (index.find(labels) !== 0) continue
    index.add(ref, labels)
    naive.series.set(ref, labels)
  }
  const m = (name: string, type: MatchType, value: string): Matcher => new Matcher(type, name, value)
  const queries = [
    [m('job', '=', 'api')],
    [m('job', '=', 'api'), m('pod', '=~', 'api-4.*')],
    [m('__name__', '=', 'metric_1'), m('pod', '=~', '.*[13579]')],
    [m('__name__', '=', 'metric_1'), m('pod', '!~', '.*[13579]'), m('zone', '=', '')],
    [m('job', '!=', 'api')],
    [m('zone', '=', '')],
    [m('zone', '!=', '')],
    [m('zone', '=~', '.+'), m('zone', '!=', 'z0')],
    [m('pod', '=~', 'api-1|api-2|nothing'), m('job', '=~', 'a.*|w.*')],
    [m('pod', '!~', 'api-1.*|api-2.*')],
    [m('pod', '=~', '.*'), m('absent', '=', '')],
    [m('absent', '=~', '.+')],
    [],
  ]
  for (let round = 0; round < 2; round++) {
    for (const query of queries) t.same([...index.select(query)], naive.select(query), query.join(','))
    for (const ref of naive.series.keys()) {
      if (ref % 5 > 0 && round === 0) {
        naive.series.delete(ref)
        index.remove(ref)
      }
    }
  }
})

void t.test('a selection is the caller\u2019s own', async t => {
  const index = new LabelIndex()
  const all = [new Matcher('=', 'job', 'api')]
  index.add(1, Labels.fromRecord({ job: 'api', pod: 'a' }))
  index.add(2, Labels.fromRecord({ job: 'api', pod: 'b' }))
  const before = index.select(all)
  index.add(3, Labels.fromRecord({ job: 'api', pod: 'c' }))
  index.remove(1)
  t.same([...before], [1, 2])
  t.same([...index.select(all)], [2, 3])
})

void t.test('refs that do not rise, as a replayed log may give them', async t => {
  const index = new LabelIndex()
  for (const ref of [5, 9000, 3, 7, 4, 1, 8999]) index.add(ref, Labels.fromRecord({ job: 'api', pod: `p${ref}` }))
  t.same([...index.select([new Matcher('=', 'job', 'api')])], [1, 3, 4, 5, 7, 8999, 9000])
})

void t.test('what a pattern says agrees with what it does', async t => {
  const atom = fc.constantFrom(
    'a',
    'b',
    'ab',
    '.',
    '.*',
    '.+',
    '(a|b)',
    '(?:a|)',
    '[ab]',
    '[^a]',
    '😀',
    'a?',
    '(a.*)?',
    'b*',
    '\\.',
  )
  const pattern = fc.oneof(
    fc.constantFrom(...PATTERNS),
    fc.array(atom, { maxLength: 5 }).map(parts => parts.join('')),
    fc
      .array(
        fc.array(atom, { maxLength: 3 }).map(parts => parts.join('')),
        { maxLength: 3 },
      )
      .map(parts => parts.join('|')),
  )
  const value = fc.oneof(
    fc.constantFrom(...VALUES, ''),
    fc.array(fc.constantFrom('a', 'b', '😀', '.', '-', '1'), { maxLength: 6 }).map(parts => parts.join('')),
  )
  fc.assert(
    fc.property(pattern, fc.array(value, { minLength: 5, maxLength: 20 }), (pattern, values) => {
      const shape = regexShape(pattern)
      const regex = new AnchoredRegex(pattern)
      for (const value of values) {
        const matches = regex.matches(value)
        const told = `${JSON.stringify(shape)} /${pattern}/ on ${JSON.stringify(value)}`
        if (shape.kind === 'set') assert.equal(shape.values.includes(value), matches, told)
        else if (shape.kind === 'everything') assert.ok(matches, told)
        else if (shape.kind === 'nonEmpty') assert.equal(value !== '', matches, told)
        else {
          const may = shape.prefixes.some(prefix => value.startsWith(prefix)) && shape.mayMatch(value)
          if (shape.exact) assert.equal(may, matches, told)
          else if (matches) assert.ok(may, told)
        }
      }
    }),
    { numRuns: 2000 },
  )
  t.match(regexShape('a|b|c'), { kind: 'set', values: ['a', 'b', 'c'] })
  t.match(regexShape('b||a|b'), { kind: 'set', values: ['', 'a', 'b'] })
  t.match(regexShape('(api|web)-[12]'), { kind: 'set', values: ['api-1', 'api-2', 'web-1', 'web-2'] })
  t.match(regexShape('checkout-api-.*'), { kind: 'scan', prefixes: ['checkout-api-'], exact: true })
  t.match(regexShape('check.*-api-.*z'), { kind: 'scan', prefixes: ['check'], exact: true })
  t.match(regexShape('(checkout|cart)-api-[a-m].+'), { kind: 'scan', exact: false })
  t.match(regexShape('.*'), { kind: 'everything' })
  t.match(regexShape('(.+)'), { kind: 'nonEmpty' })
  const many = Array.from({ length: 1000 }, (_, i) => `pod-${i}`)
  t.match(regexShape(many.join('|')), { kind: 'set', values: many.toSorted() })
})

void t.test('cardinality statistics are those of Prometheus', async t => {
  const index = new LabelIndex()
  index.add(1, Labels.fromRecord({ __name__: 'up', job: 'api', pod: 'a' }))
  index.add(2, Labels.fromRecord({ __name__: 'up', job: 'api', pod: 'bb' }))
  index.add(3, Labels.fromRecord({ __name__: 'down', job: 'api' }))
  t.same(index.cardinality(2), {
    seriesCountByMetricName: [
      { name: 'up', value: 2 },
      { name: 'down', value: 1 },
    ],
    labelValueCountByLabelName: [
      { name: '__name__', value: 2 },
      { name: 'pod', value: 2 },
    ],
    memoryInBytesByLabelName: [
      { name: 'job', value: 9 },
      { name: '__name__', value: 8 },
    ],
    seriesCountByLabelValuePair: [
      { name: 'job=api', value: 3 },
      { name: '__name__=up', value: 2 },
    ],
  })
  t.same(index.cardinality(0).seriesCountByMetricName, [])
})

void t.test('ten thousand labels on one series', async t => {
  const index = new LabelIndex()
  const record = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`label_${i}`, `${i}`]))
  index.add(1, Labels.fromRecord(record))
  t.same([...index.select([new Matcher('=', 'label_9999', '9999')])], [1])
  t.same(index.labels(1).toRecord(), record)
  index.remove(1)
  t.equal(index.pairCount, 0)
})

t.test('a list of strings is matched without a regular expression as with one', t => {
  const text = fc.stringMatching(/^[a-c:/ -]{0,3}$/)
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), text, (texts, value) => {
      const pattern = texts.join('|')
      // A group makes it a pattern like any other.
      return new AnchoredRegex(pattern).matches(value) === new AnchoredRegex(`(?:${pattern})`).matches(value)
    }),
  )
  t.equal(new AnchoredRegex('a|b').expand('b', 'x$0'), 'xb')
  t.equal(new AnchoredRegex('a|b').expand('c', 'x'), undefined)
  t.end()
})
