// What a scraper gets for what it asks for. The table was made by Prometheus' own library: see below.
import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import t from 'tap'
import { negotiate, type Offers } from '../../../sim/targets/exposition-format.ts'
import { escapeName } from '../../../sim/targets/name-escaping.ts'

const TEXT: Offers = { openMetrics: false, text1: false, protobuf: false, created: false, native: false }
const DEFAULT: Offers = { ...TEXT, protobuf: true }
const ALL: Offers = { ...DEFAULT, openMetrics: true }

interface Row {
  readonly accept: string
  /** Of `expfmt.Negotiate`, and of `expfmt.NegotiateIncludingOpenMetrics`. */
  readonly plain: string
  readonly openMetrics: string
}

const table = JSON.parse(
  readFileSync(new URL('../../../../test/sim/targets/negotiation.json', import.meta.url), 'utf8'),
) as {
  readonly accepts: readonly Row[]
  readonly names: readonly (readonly [string, string, string, string])[]
}

void t.test('as prometheus/common 0.72.1 chose', async t => {
  for (const { accept, plain, openMetrics } of table.accepts) {
    t.equal(negotiate(accept, DEFAULT).contentType, plain, accept)
    t.equal(negotiate(accept, ALL).contentType, openMetrics, accept)
  }
})

void t.test('names are escaped as prometheus/common 0.72.1 escaped them', async t => {
  for (const [name, underscores, dots, values] of table.names) {
    t.equal(escapeName(name, 'underscores'), underscores)
    t.equal(escapeName(name, 'dots'), dots)
    t.equal(escapeName(name, 'values'), values)
    t.equal(escapeName(name, 'allow-utf-8'), name)
  }
})

void t.test('text 1.0.0 is for those who ask for it, where it is offered', async t => {
  const accept = 'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4'
  t.equal(
    negotiate(accept, { ...TEXT, text1: true }).contentType,
    'text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8',
  )
  t.equal(negotiate(accept, TEXT).contentType, 'text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8')
})

void t.test('whatever is asked, something is answered, and the same object for the same', async () => {
  const words = fc.constantFrom(
    'text/plain',
    '*/*',
    'application/openmetrics-text',
    ';q=0.5',
    ',',
    ';version=1.0.0',
    '=',
    ' ',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map(parts => parts.join('')),
      ),
      accept => {
        return negotiate(accept, ALL) === negotiate(accept, ALL)
      },
    ),
  )
})
