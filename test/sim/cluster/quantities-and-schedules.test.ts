import fc from 'fast-check'
import t from 'tap'
import { base64FaultAt } from '../../../sim/cluster/base64.ts'
import { cronFault, isTimeZone } from '../../../sim/cluster/cron-syntax.ts'
import { canonicalQuantity, compareQuantities, formatQuantity, parseQuantity } from '../../../sim/cluster/quantity.ts'

void t.test('quantities are written in one way', async t => {
  const cases: [text: string, canonical: string][] = [
    ['0', '0'],
    ['-0', '0'],
    ['0Gi', '0'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['1.5', '1500m'],
    ['.5', '500m'],
    ['+5', '5'],
    ['1.50', '1500m'],
    ['0.1', '100m'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['1Ki', '1Ki'],
    ['1000Ki', '1000Ki'],
    ['2048', '2048'],
    ['1000', '1k'],
    ['1000k', '1M'],
    ['12e3', '12e3'],
    ['1200e-2', '12'],
    ['1E', '1E'],
    ['-1000m', '-1'],
    ['0.0000000001', '1n'],
    ['100.0001Ki', '102400102400u'],
  ]
  for (const [text, canonical] of cases) t.equal(canonicalQuantity(text), canonical, text)
  for (const bad of ['', 'x', '1x', '1.2.3', '1 Gi', '1Kii', '--1', '1e', 'e3', '1e999999999', 'NaN']) {
    t.equal(parseQuantity(bad), undefined, bad)
  }
  t.same(parseQuantity(0.5), parseQuantity('0.5'), 'numbers are quantities')
})

void t.test('writing a quantity loses nothing, and writing it twice changes nothing', async () => {
  const suffix = fc.constantFrom(
    '',
    'n',
    'u',
    'm',
    'k',
    'M',
    'G',
    'T',
    'P',
    'E',
    'Ki',
    'Mi',
    'Gi',
    'Ti',
    'e3',
    'e-3',
    'E6',
  )
  const text = fc
    .tuple(fc.constantFrom('', '-', '+'), fc.nat(1e9), fc.option(fc.nat(999)), suffix)
    .map(([sign, whole, fraction, end]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${end}`)
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [x, y] = [parseQuantity(a)!, parseQuantity(b)!]
      const written = formatQuantity(x)
      const read = parseQuantity(written)!
      return (
        read.nanos === x.nanos &&
        formatQuantity(read) === written &&
        Math.sign(compareQuantities(x, y)) === -Math.sign(compareQuantities(y, x)) &&
        (compareQuantities(x, y) === 0) === (x.nanos === y.nanos)
      )
    }),
  )
})

void t.test('schedules are those of robfig/cron, and so are the refusals', async t => {
  const good = [
    '* * * * *',
    '*/5 0-12/2 1,15 jan-mar,DEC sun-sat',
    '0 0 ? * 0',
    '  5 4 * * mon ',
    '5/10 * * * *',
    '@hourly',
    '@every 1h30m',
    'TZ=Europe/Zurich 0 0 * * *',
    '0 0 1, * *',
  ]
  for (const schedule of good) t.equal(cronFault(schedule), undefined, schedule)
  const bad: [schedule: string, fault: string][] = [
    ['', 'empty spec string'],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['0 * * * * *', 'expected exactly 5 fields, found 6: [0 * * * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['* * * * 7', 'end of range (7) above maximum (6): 7'],
    ['9-5 * * * *', 'beginning of range (9) beyond end of range (5): 9-5'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['*/2/3 * * * *', 'too many slashes: */2/3'],
    ['* * L * *', 'failed to parse int from L: strconv.Atoi: parsing "L": invalid syntax'],
    ['*/x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ['@sometimes', 'unrecognized descriptor: @sometimes'],
    ['@every now', 'failed to parse duration @every now: time: invalid duration "now"'],
    ['TZ=Mars/Base 0 0 * * *', 'provided bad location Mars/Base: unknown time zone Mars/Base'],
  ]
  for (const [schedule, fault] of bad) t.equal(cronFault(schedule), fault, schedule)
  for (const zone of ['UTC', 'Etc/UTC', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires']) t.ok(isTimeZone(zone), zone)
  for (const zone of ['Mars/Base', '+02:00', '']) t.notOk(isTimeZone(zone), zone)
})

void t.test('what is encoded as base64 is good, and stops being so at the first wrong byte', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
      const text = Buffer.from(bytes).toString('base64')
      return base64FaultAt(text) === undefined && base64FaultAt(text.replaceAll(/(.{5})/g, '$1\r\n')) === undefined
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 3, maxLength: 30 }), fc.nat(1000), (bytes, place) => {
      const text = Buffer.from(bytes).toString('base64')
      const at = place % Math.floor(text.replaceAll('=', '').length)
      return base64FaultAt(`${text.slice(0, at)}!${text.slice(at + 1)}`) === at
    }),
  )
})
