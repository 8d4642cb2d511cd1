import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { Labels } from '../../../scraper/model/index.ts'
import { Entry, parseSeriesLabels, TextFormatError, TextParser } from '../../../scraper/textparse/index.ts'

interface Sample {
  readonly labels: Record<string, string>
  readonly value: number
  readonly tMs: number | undefined
}

function parse(body: Buffer | string): Sample[] {
  const bytes = Buffer.from(body as string)
  const parser = new TextParser()
  parser.reset(bytes, bytes.length)
  const samples: Sample[] = []
  for (;;) {
    const entry = parser.next()
    if (entry === Entry.end) return samples
    if (entry !== Entry.series) continue
    parser.readSeries()
    const series = parseSeriesLabels(bytes, parser.seriesStart, parser.seriesEnd)
    parser.readValue()
    if ('problem' in series) throw new Error(series.problem)
    samples.push({
      labels: series.labels.toRecord(),
      value: parser.value,
      tMs: parser.hasTimestamp ? parser.timestampMs : undefined,
    })
  }
}

function errorOf(body: string): string {
  try {
    parse(body)
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

t.test('series, labels, values and timestamps', async t => {
  t.same(parse('up 1\n'), [{ labels: { __name__: 'up' }, value: 1, tMs: undefined }])
  t.same(parse('  up\t\t1.5  1234 \n\n# a comment\n#\n#x\nb:c{} 2'), [
    { labels: { __name__: 'up' }, value: 1.5, tMs: 1234 },
    { labels: { __name__: 'b:c' }, value: 2, tMs: undefined },
  ])
  t.same(parse('a { x = "1" , y="2",}7\n')[0], { labels: { __name__: 'a', x: '1', y: '2' }, value: 7, tMs: undefined })
  t.same(parse('a{x="a\\"b\\\\c\\nd\\qe",empty=""} 1')[0]!.labels, { __name__: 'a', x: 'a"b\\c\nd\\qe' })
  t.same(parse('a{x="ü{},=# 世"} 1')[0]!.labels, { __name__: 'a', x: 'ü{},=# 世' })
  t.same(parse('{"my.metric","l.x"="v"} 1')[0]!.labels, { __name__: 'my.metric', 'l.x': 'v' }, 'quoted names')
  t.same(parse(''), [])
  t.same(parse('# no line break at the end'), [])
})

t.test('HELP and TYPE', async t => {
  const bytes = Buffer.from('# HELP a some\\nhelp \\\\ here\n# TYPE a counter\n#  HELP b\n# HELPER is a comment\na 1\n')
  const parser = new TextParser()
  parser.reset(bytes, bytes.length)
  t.equal(parser.next(), Entry.help)
  t.same(parser.metaText(), { name: 'a', text: 'some\nhelp \\ here' })
  t.equal(parser.next(), Entry.type)
  t.same(parser.metaText(), { name: 'a', text: 'counter' })
  t.equal(parser.next(), Entry.help)
  t.same(parser.metaText(), { name: 'b', text: '' })
  t.equal(parser.next(), Entry.series)
  t.equal(parser.line, 5)
})

t.test('errors say the line and what was expected', async t => {
  const cases: [string, RegExp][] = [
    ['a 1\nb\n', /^line 2: expected value after metric/],
    ['a{x=1} 2', /^line 1: expected label value/],
    ['a{x} 2', /expected equal/],
    ['a{1x="2"} 2', /expected label name/],
    ['a{x="2" 3', /expected label name/],
    ['a{x="2', /without an end/],
    ['a 1x', /invalid value "1x"/],
    ['a 0x10', /invalid value/],
    ['a 1_000', /invalid value/],
    ['a --1', /invalid value/],
    ['a 1e309', /invalid value "1e309"/],
    ['a -1e309', /invalid value/],
    [`a ${'9'.repeat(310)}`, /invalid value/],
    ['a .', /invalid value/],
    ['a 1 -5', /expected timestamp/],
    ['a 1 1.5', /expected next entry after timestamp/],
    ['a 1 2 3', /expected next entry after timestamp/],
    ['a 1\r\n', /expected timestamp/],
    ['1a 1', /expected a valid start token/],
    ['{x="1"} 1', /metric name not set/],
    ['a{"b"} 1', /metric name already set/],
    ['# TYPE a nonsense', /invalid metric type/],
    ['# HELP 1a x', /expected metric name after HELP/],
    ['a{x="1",x="2"} 1', /label name "x" is not unique/],
  ]
  for (const [body, message] of cases) t.match(errorOf(body), message, JSON.stringify(body))
  t.throws(() => parse(Buffer.from([0x61, 0x7b, 0x78, 0x3d, 0x22, 0xff, 0x22, 0x7d, 0x20, 0x31])), /invalid UTF-8/)
})

t.test('known text followed by something else is not taken for the known series', async t => {
  const bytes = Buffer.from('up {a="b"} 1\nup 2\nupper 3\n')
  const parser = new TextParser()
  parser.reset(bytes, bytes.length)
  parser.next()
  t.notOk(parser.acceptSeries(2), 'labels follow')
  parser.readSeries()
  parser.readValue()
  parser.next()
  t.ok(parser.acceptSeries(parser.seriesStart + 2))
  parser.readValue()
  t.equal(parser.value, 2)
  parser.next()
  t.notOk(parser.acceptSeries(parser.seriesStart + 2), 'the name goes on')
})

t.test('numbers are exactly those of Number()', async t => {
  const same = (text: string, expected: number): void => {
    const got = parse(`a ${text}`)[0]!.value
    if (!Object.is(got, expected)) t.fail(`${text}: ${got} is not ${expected}`)
  }
  for (const [text, value] of [
    ['1e308', 1e308],
    ['1e-400', 0],
    ['+Inf', Infinity],
    ['-Inf', -Infinity],
    ['inf', Infinity],
    ['Infinity', Infinity],
    ['NaN', NaN],
    ['nan', NaN],
    ['-0', -0],
    ['1.', 1],
    ['.5', 0.5],
    ['+5e-3', 0.005],
    ['000000000000000000001', 1],
    ['0.00000000000000000000001', 1e-23],
    ['123456789012345678', 123456789012345680],
  ] as const) {
    same(text, value)
  }
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value =>
      same(String(value), Number(String(value))),
    ),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(12), (whole, digits) => {
      const text = (whole / 997).toFixed(digits)
      same(text, Number(text))
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.stringMatching(/^[+-]?[0-9]{1,20}(\.[0-9]{0,20})?(e[+-]?[0-9]{1,3})?$/), text => {
      // Beyond a double is refused.
      fc.pre(Number.isFinite(Number(text)))
      same(text, Number(text))
    }),
    { numRuns: 2000 },
  )
})

const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,6}$/)
const blank = fc.constantFrom('', ' ', '\t', '  ')

/** A series, the way it may be written, and what it means. */
const line = fc
  .record({
    name: fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,8}$/),
    labels: fc.dictionary(labelName, fc.string({ unit: 'grapheme', maxLength: 8 }), { maxKeys: 4 }),
    // Not −0, which is written as 0.
    value: fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => value || 0),
    tMs: fc.option(fc.nat(2_000_000_000)),
    blanks: fc.array(blank, { minLength: 4, maxLength: 4 }),
    trailingComma: fc.boolean(),
  })
  .map(({ name, labels, value, tMs, blanks: [a, b, c, d], trailingComma }) => {
    const escape = (text: string): string =>
      text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    const pairs = Object.entries(labels).map(([label, text]) => `${a}${label}${b}=${c}"${escape(text)}"${d}`)
    const braces = pairs.length === 0 ? '' : `{${pairs.join(',')}${trailingComma ? ',' : ''}}`
    const meaning: Record<string, string> = { __name__: name }
    for (const [label, text] of Object.entries(labels)) if (text !== '') meaning[label] = text
    return {
      text: `${a}${name}${b}${braces} ${value}${tMs === null ? '' : `\t${tMs}`}${d}`,
      sample: { labels: meaning, value, tMs: tMs ?? undefined },
    }
  })

t.test('whatever is written is read back', async t => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.boolean(), (lines, endsWithBreak) => {
      const body = lines.map(({ text }) => text).join('\n# TYPE x gauge\n\n') + (endsWithBreak ? '\n' : '')
      const got = parse(body)
      if (got.length !== lines.length) return false
      return got.every(
        (sample, i) =>
          Object.is(sample.value, lines[i]!.sample.value) &&
          sample.tMs === lines[i]!.sample.tMs &&
          Labels.fromRecord(sample.labels).equals(Labels.fromRecord(lines[i]!.sample.labels)),
      )
    }),
    { numRuns: 1000 },
  )
  t.pass()
})

t.test('arbitrary bytes are read or refused, never worse', async t => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...'a1{}="\\, \n\t#:.-+eNHELPTY\0\xff'.split('')), { maxLength: 60 }),
      chars => {
        try {
          parse(Buffer.from(chars.join(''), 'latin1'))
        } catch (error) {
          return error instanceof TextFormatError || /UTF-8|not unique/.test((error as Error).message)
        }
        return true
      },
    ),
    { numRuns: 5000 },
  )
  t.pass()
})

const DATA = join('..', 'shared', 'peer-data', 'prometheus')

t.test("Prometheus' own bodies are read", { skip: existsSync(DATA) ? false : `no test data in ${DATA}` }, async t => {
  for (const [file, families] of [
    ['textparse/alltypes.237mfs.prom.txt', 237],
    ['textparse/alltypes.237mfs.nometa.prom.txt', 0],
    ['expfmt/text', undefined],
  ] as const) {
    const bytes = readFileSync(join(DATA, file))
    const parser = new TextParser()
    parser.reset(bytes, bytes.length)
    let types = 0
    let series = 0
    for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
      if (entry === Entry.type) types++
      if (entry !== Entry.series) continue
      series++
      parser.readSeries()
      parser.readValue()
    }
    const lines = bytes.toString().split('\n')
    t.equal(series, lines.filter(text => text !== '' && !text.startsWith('#')).length, file)
    if (families !== undefined) t.equal(types, families, file)
  }
})
