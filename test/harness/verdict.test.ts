import t from 'tap'
import { DurationHistogram } from '../../base/index.ts'
import { harnessFaults, verdictOf } from '../../harness/verdict.ts'
import type { ThresholdResult } from '../../reports/index.ts'

function lag(...ms: number[]): DurationHistogram {
  const histogram = new DurationHistogram()
  for (const each of ms) histogram.record(each * 1e6)
  return histogram
}

const failed: ThresholdResult = { metric: 'samples_lost', expression: 'value==0', value: 3, ok: false, noData: false }
const noData: ThresholdResult = { metric: 'rss_peak', expression: 'value<1', value: null, ok: false, noData: true }
const fine = { valid: true, invalidReasons: [] }
const late = { valid: false, invalidReasons: ['late'] }

t.test('a run is judged by its own lag: above 5 ms at p99 it says nothing about the subject', t => {
  t.same(harnessFaults(lag(...Array<number>(1000).fill(1), 400)), [], 'one outlier in a thousand is not p99')
  t.match(harnessFaults(lag(1, 1, 1, 7)), [/generator_lag p99 is 7.0\d ms, above 5.00 ms/])
  t.notMatch(harnessFaults(lag(7), { generatorPriority: 'realtime' }), [/CAP_SYS_NICE/])
  t.match(harnessFaults(lag(7), { generatorPriority: 'normal' }), [
    /as a user who may raise priorities \(CAP_SYS_NICE\)/,
  ])
  t.match(harnessFaults(lag()), [/no lag/], 'a simulation that says nothing of itself is not believed')
  t.match(harnessFaults(undefined), [/no lag/])
  t.end()
})

t.test('when several things are the matter, the graver one decides', t => {
  t.match(verdictOf({ kind: 'complete' }, fine, []), { status: 'pass', exitCode: 0 })
  t.match(verdictOf({ kind: 'complete' }, fine, [failed]), {
    status: 'fail',
    exitCode: 99,
    reasons: [/samples_lost value==0: 3/],
  })
  t.match(verdictOf({ kind: 'complete' }, fine, [noData]), { status: 'fail', exitCode: 99, reasons: [/no data/] })
  t.match(verdictOf({ kind: 'complete' }, late, [failed]), { status: 'invalid', exitCode: 5, reasons: ['late'] })
  t.match(verdictOf({ kind: 'interrupted' }, late, [failed]), { status: 'aborted', exitCode: 105 })
  t.match(verdictOf({ kind: 'crashed', error: new Error('gone') }, late, []), {
    status: 'aborted',
    exitCode: 6,
    reasons: ['gone'],
  })
  t.match(verdictOf({ kind: 'failed', error: new Error('bug') }, fine, []), { status: 'aborted', exitCode: 1 })
  t.end()
})
