import { parser as grammar } from '@prometheus-io/lezer-promql'
import * as fc from 'fast-check'
import t from 'tap'
import { formatFloat, parse, parseSelector, QueryError } from '../../scraper/promql/index.ts'
import { formatFloatPlain } from '../../scraper/promql/format-float.ts'
import type { Expr } from '../../scraper/promql/parse/ast.ts'
import { unquote } from '../../scraper/promql/parse/literals.ts'

function refusal(query: string): string {
  try {
    parse(query)
  } catch (error) {
    if (error instanceof QueryError && error.kind === 'bad_data') return error.message
    throw error
  }
  return 'accepted'
}

function number(query: string): number {
  const expr = parse(query)
  if (expr.kind !== 'number') throw new Error(`${query} is a ${expr.kind}`)
  return expr.value
}

void t.test('numbers, durations and strings as Go reads them', async t => {
  const cases: [string, number][] = [
    ['1', 1],
    ['1_000_000', 1e6],
    ['0x1F', 31],
    ['-0X1f', -31],
    ['2.', 2],
    ['.5e1', 5],
    ['1e-3', 0.001],
    ['010', 8],
    ['089', 89],
    ['inf', Infinity],
    ['-Inf', -Infinity],
    ['5m', 300],
    ['1h30m', 5400],
    ['-250ms', -0.25],
  ]
  for (const [text, value] of cases) t.equal(number(text), value, text)
  t.ok(Number.isNaN(number('NaN')))
  t.equal(unquote(String.raw`"a\tb\"c\x41\u00e4\101\U0001F600"`), 'a\tb"cAäA😀')
  t.equal(unquote(String.raw`'\xe6\xb8\xa9'`), '温', 'bytes make up characters')
  t.equal(unquote('`a\\n"`'), String.raw`a\n"`)
})

void t.test('what a faulty query is told, and where', async t => {
  const cases: [string, string][] = [
    ['', 'unknown position: parse error: no expression found in input'],
    ['# only a comment', '1:1: parse error: no expression found in input'],
    ['foo(x)', '1:1: parse error: unknown function with name "foo"'],
    ['sum(', '1:5: parse error: unclosed left parenthesis'],
    ['(1', '1:3: parse error: unclosed left parenthesis'],
    ['1)', "1:3: parse error: unexpected right parenthesis ')'"],
    ['x[5m', '1:5: parse error: unclosed left bracket'],
    ['1 +', '1:4: parse error: unexpected end of input'],
    ['a\n  + +*b', '2:6: parse error: unexpected <op:*>'],
    ['x y', '1:3: parse error: unexpected identifier "y"'],
    ['x{a}', '1:4: parse error: unexpected "}" in label matching, expected label matching operator'],
    ['x{a=b}', '1:5: parse error: unexpected identifier "b" in label matching, expected string'],
    ['x{a="b" c="d"}', '1:9: parse error: unexpected identifier "c" in label matching, expected "," or "}"'],
    ['{a=""}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
    ['{a=~".*"}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
    ['x{__name__="y"}', '1:1: parse error: metric name must not be set twice: "x" or "y"'],
    ['sum by x (y)', '1:8: parse error: unexpected identifier "x" in grouping opts, expected "("'],
    ['topk(x)', '1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1'],
    ['sum()', '1:1: parse error: no arguments for aggregate expression provided'],
    ['sum(x,)', '1:6: parse error: trailing commas not allowed in function call args'],
    ['rate(x)', '1:6: parse error: expected type range vector in call to function "rate", got instant vector'],
    ['abs(x[5m])', '1:5: parse error: expected type instant vector in call to function "abs", got range vector'],
    ['rate(x[5m], 1)', '1:1: parse error: expected 1 argument(s) in call to "rate", got 2'],
    ['round()', '1:1: parse error: expected at least 1 argument(s) in call to "round", got 0'],
    ['sum(1)', '1:5: parse error: expected type instant vector in aggregation expression, got scalar'],
    ['1 > 2', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
    ['x + bool y', '1:3: parse error: bool modifier can only be used on comparison operators'],
    ['1 and x', '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
    ['x and on (a) group_left y', '1:1: parse error: no grouping allowed for "and" operation'],
    ['x + on (a) group_left (a) y', '1:3: parse error: label "a" must not occur in ON and GROUP clause at once'],
    ['x[5m] + 1', '1:1: parse error: binary expression must contain only scalar and instant vector types'],
    [
      '-"a"',
      '1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "string"',
    ],
    ['(x)[5m]', '1:4: parse error: ranges only allowed for vector selectors'],
    ['x offset 1m [5m]', '1:13: parse error: no offset modifiers allowed before range'],
    ['x offset 1m offset 2m', '1:1: parse error: offset may not be set multiple times'],
    ['x @ 1 @ 2', '1:1: parse error: @ <timestamp> may not be set multiple times'],
    [
      'sum(x) offset 1m',
      '1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
    ],
    ['x @ y', '1:5: parse error: unexpected identifier "y" in @, expected timestamp'],
    ['x @ Inf', '1:1: parse error: timestamp out of bounds for @ modifier: +Inf'],
    ['x[0]', '1:3: parse error: duration must be greater than 0'],
    ['x[5m1h]', '1:3: parse error: not a valid duration string: "5m1h"'],
    ['x[5m/0]', '1:5: parse error: division by zero'],
    ['1[5m:]', '1:1: parse error: subquery is only allowed on instant vector, got scalar instead'],
    ['1.5m', '1:1: parse error: bad number or duration syntax: "1.5m"'],
    ['"abc', '1:1: parse error: unterminated quoted string'],
    [String.raw`"\q"`, "1:1: parse error: unknown escape sequence U+0071 'q'"],
    ['x ! y', "1:3: parse error: unexpected character after '!': ' '"],
    ['x & y', "1:3: parse error: unexpected character: '&'"],
    ['a=b', '1:2: parse error: unexpected "="'],
    ['x{a="b"', '1:8: parse error: unexpected end of input inside braces'],
    ['sum by (', '1:9: parse error: unclosed left parenthesis'],
    ['bool', '1:1: parse error: unexpected <bool>'],
    ['info(x)', '1:1: parse error: function "info" is not supported'],
    ['mad_over_time(x[5m])', '1:1: parse error: function "mad_over_time" is not enabled'],
    ['a + fill(1) b', '1:1: parse error: binop fill modifiers are experimental and not enabled'],
    ['('.repeat(600) + '1' + ')'.repeat(600), '1:1: parse error: expression is nested more than 500 deep'],
  ]
  for (const [query, message] of cases) t.equal(refusal(query), message, query.slice(0, 40))
  t.match(refusal('x{a=~"("}'), /^1:3: parse error: error parsing regexp: missing closing \)/)
})

void t.test('words that are keywords elsewhere are names where nothing else fits', async t => {
  for (const query of [
    'sum',
    'by',
    'offset',
    'start',
    'rate',
    'inf:a',
    'and',
    'x{on="a", bool="b", inf="c"}',
    'sum by (on) (by)',
  ]) {
    t.doesNotThrow(() => parse(query), query)
  }
  t.match(parseSelector('up{job=~"a|b"}').map(String), ['job=~"a|b"', '__name__="up"'])
  t.match(parseSelector('{"http.requests", "a.b"="c"}').map(String), ['__name__="http.requests"', 'a.b="c"'])
  t.throws(() => parseSelector('up + 1'), /1:4: parse error: unexpected <op:\+>/)
})

void t.test('binding is that of Prometheus', async t => {
  const cases: [string, string][] = [
    ['-1 ^ 2', '(-(1 ^ 2))'],
    ['-x * y', '((-x) * y)'],
    ['2 ^ -x ^ 2', '(2 ^ (-(x ^ 2)))'],
    ['a ^ b ^ c', '(a ^ (b ^ c))'],
    ['a - b - c', '((a - b) - c)'],
    ['a or b and c', '(a or (b and c))'],
    ['a + b * c > d unless e', '(((a + (b * c)) > d) unless e)'],
    ['a * b atan2 c % d', '(((a * b) atan2 c) % d)'],
    ['a == b != c', '((a == b) != c)'],
  ]
  for (const [query, shape] of cases) t.equal(print(parse(query)), shape, query)
})

/**
 * Prometheus' own grammar for editors, as an oracle. Known differences, in which the parser of Prometheus' server
 * agrees with ours: a sign before a power, `2.`, and functions that the grammar does not list.
 */
void t.test("agrees with Prometheus' grammar on what is a query", async t => {
  const word = fc.constantFrom('a', 'b:c', 'sum', 'by', 'rate', 'on', 'offset', 'bool', 'start', 'time', 'and', 'or')
  const token = fc.oneof(
    { weight: 3, arbitrary: word },
    fc.constantFrom('(', ')', '{', '}', '[', ']', ',', '=', '=~', '+', '-', '*', '^', '==', '@', ':'),
    fc.constantFrom('1', '5m', '"x"', '0x1f', '1e3', 'NaN'),
    fc.constantFrom(
      'rate(a[5m])',
      'sum by (a) (b)',
      'a{b="c"}',
      'a offset 5m',
      '[5m:1m]',
      'a @ end()',
      'on (a) group_left (b)',
    ),
  )
  fc.assert(
    fc.property(fc.array(token, { minLength: 1, maxLength: 8 }), tokens => {
      const query = tokens.join(' ')
      const message = refusal(query)
      // Types are no matter of grammar; the others are words that the grammar for editors treats otherwise.
      if (SEMANTIC.test(message) || LENIENT.test(query)) return
      let errors = 0
      grammar.parse(query).iterate({ enter: node => void (errors += node.type.isError ? 1 : 0) })
      if ((message === 'accepted') !== (errors === 0))
        throw new Error(`${query}: ${message}; the grammar finds ${errors} errors`)
    }),
    { numRuns: 3000 },
  )
  t.pass('in 3000 random queries')
})

const SEMANTIC =
  /expected type|argument|must |only allowed|not allowed|not enabled|unknown function|multiple times|at once|no (?:offset|@|grouping)|subquery|positive|out of bounds|binary expression|experimental/
/** `offset` as a name, `a{b:c=…}`: one of the two is laxer. */
const LENIENT = /\boffset\b(?! 5m)|b:c|\bbool\b|\bstart\b|\bon\b(?! \()|: |\[5m:1m\]/

void t.test('prints values as Go does', async t => {
  const cases: [number, string][] = [
    [0, '0'],
    [-0, '-0'],
    [1.5, '1.5'],
    [1e20, '100000000000000000000'],
    [1e21, '1e+21'],
    [1e-6, '0.000001'],
    [1e-7, '1e-07'],
    [1.5e-10, '1.5e-10'],
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
  ]
  for (const [value, text] of cases) t.equal(formatFloat(value), text)
  t.equal(formatFloatPlain(1.5e-7), '0.00000015')
  t.equal(formatFloatPlain(-1.25e21), '-1250000000000000000000')
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
      return Object.is(Number(formatFloat(value)), value) && Object.is(Number(formatFloatPlain(value)), value)
    }),
  )
})

function print(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return String(expr.value)
    case 'selector':
      return expr.name
    case 'unary':
      return `(${expr.op}${print(expr.expr)})`
    case 'binary':
      return `(${print(expr.lhs)} ${expr.op} ${print(expr.rhs)})`
    default:
      return expr.kind
  }
}
