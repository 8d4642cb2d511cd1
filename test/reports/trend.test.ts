import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Prng } from '../../base/index.ts'
import { collectReports, historiesOf, renderTrendHtml, renderTrendText, type Report } from '../../reports/index.ts'
import { run as runProgram } from '../support/program.ts'
import { htmlFaults, OUTSIDE } from './html-faults.ts'
import { sampleAb } from './sample-comparison.ts'
import { sampleReport } from './sample-report.ts'

const base = sampleReport({ pods: 10, seconds: 5, runsPerArm: 2 })

/** A report taken on day `day`, whose memory and latency are as given. */
function onDay(
  day: number,
  { rss = 180e6, p99 = 4.6, ...more }: { rss?: number; p99?: number } & Partial<Report> = {},
): Report {
  const prng = new Prng(`day/${day}`)
  const runs = base.runs.map(run => {
    const latency = run.metrics['discovery_latency']!
    return {
      ...run,
      metrics: {
        ...run.metrics,
        rss_peak: { value: rss * (1 + 0.01 * prng.unit()) },
        discovery_latency: { ...latency, p99: p99 * (1 + 0.02 * prng.unit()) },
      },
    }
  })
  return {
    ...base,
    id: prng.uuid(),
    startedAt: new Date(Date.UTC(2026, 9, 1 + day)).toISOString(),
    tool: { ...base.tool, gitSha: String(day).padStart(40, 'a'), gitDirty: false },
    scenario: { ...base.scenario, gates: { discovery_latency: ['p99'], rss_peak: ['value'] } },
    runs,
    ...more,
  }
}

const days = (count: number, of: (day: number) => Report): { file: string; report: Report }[] =>
  Array.from({ length: count }, (_, day) => ({ file: `r${String(day).padStart(2, '0')}/report.json`, report: of(day) }))

t.test('a step is found where it was made, with the commits it lies between, and nowhere else', t => {
  const reports = days(24, day => onDay(day, { p99: day < 14 ? 4.6 : 5.5 }))
  // The order in which they were named does not matter: the order in which they were taken does.
  const [history, ...others] = historiesOf(reports.toReversed())
  t.same(others, [])
  t.same(
    history!.series.map(({ metric, statistic }) => `${metric} ${statistic}`),
    ['discovery_latency p99', 'rss_peak value'],
    'what the scenario gates',
  )
  const [latency, memory] = history!.series
  t.equal(latency!.points.length, 24)
  t.same(memory!.changes, [])
  t.equal(latency!.changes.length, 1)
  const change = latency!.changes[0]!
  t.match(change, { index: 14, worse: true, from: { commit: /13$/ }, to: { commit: /14$/ } })
  t.ok(Math.abs(change.change! - (5.5 / 4.6 - 1)) < 0.02)
  const text = renderTrendText([history!], { skipped: [] }, { color: false })
  t.match(text, /✗ \+\d+(\.\d)?% worse {2}4\.\d+ s → 5\.\d+ s, p <0\.001, commits aaaaaaa\.\.aaaaaaa, since 2026-10-15/)
  t.match(text, '1 change of level, 1 for the worse.')
  const page = renderTrendHtml([history!], { reports, skipped: [] })
  t.equal(renderTrendHtml([history!], { reports, skipped: [] }), page, 'the same reports are the same page')
  t.same(htmlFaults(page), [])
  t.equal(OUTSIDE.exec(page), null)
  t.equal(/NaN|Infinity|undefined|\[object/.exec(page), null)
  t.equal(page.match(/<g class="change bad">/g)?.length, 1)
  t.equal(page.match(/<g class="change ok">/g), null)
  t.equal(page.match(/class="dot f0"/g)?.length, 48, 'each report in each figure')
  t.ok(page.includes('r14/report.json'), 'and its file, where one points at it')
  t.end()
})

t.test('what is better or worse is the metric’s affair', t => {
  const reports = days(20, day => onDay(day, { rss: day < 10 ? 200e6 : 150e6 }))
  const [{ series }] = historiesOf(reports, { metrics: ['rss_peak'] }) as [ReturnType<typeof historiesOf>[number]]
  t.match(series[0]!.changes, [{ index: 10, worse: false }])
  const rising = days(20, day => {
    const report = onDay(day)
    const faster = day < 10 ? 1000 : 2000
    return { ...report, runs: report.runs.map(run => ({ ...run, metrics: { ingest_rate: { value: faster + day } } })) }
  })
  t.match(historiesOf(rising, { metrics: ['ingest_rate'] })[0]!.series[0]!.changes, [{ worse: false }])
  t.end()
})

t.test('too few results are drawn and said to be too few', t => {
  const [history] = historiesOf(days(6, day => onDay(day, { p99: day < 3 ? 1 : 9 })))
  t.match(history!.series[0], { needs: 10, changes: [] })
  t.match(renderTrendText([history!], { skipped: [] }, { color: false }), /6 of the 10 results/)
  t.ok(renderTrendHtml([history!], { reports: [], skipped: [] }).includes('6 of the 10 results'))
  t.end()
})

t.test('only what is alike is one history', t => {
  const other = { ...base.environment, fingerprint: 'f'.repeat(64), cpuModel: 'Other' }
  const kinds = [
    onDay(0),
    onDay(1),
    onDay(2, { environment: other }),
    onDay(3, { scenario: { ...onDay(3).scenario, profile: 'ci' } }),
    sampleAb({ blocks: 2, pods: 10, seconds: 5 }),
  ]
  const histories = historiesOf(days(kinds.length, day => kinds[day]!))
  t.same(
    histories.map(({ profile, subject, series }) => `${profile} ${subject} ${series[0]!.points.length}`).toSorted(),
    ['ci embedded 1', 'quick embedded 1', 'quick embedded 3', 'quick victoriametrics 1'],
    'an A/B run stands in the histories of both its subjects',
  )
  const same = sampleAb({ blocks: 2, pods: 10, seconds: 5 })
  const twins = { ...same, runs: same.runs.map(run => ({ ...run, subject: same.runs[0]!.subject })) }
  t.same(
    historiesOf(days(1, () => twins)).map(({ subject }) => subject),
    ['embedded, arm A', 'embedded, arm B'],
  )
  t.same(
    historiesOf(days(1, () => ({ ...twins, kind: 'calibration' }))).map(({ subject }) => subject),
    ['embedded'],
    'equal arms are one',
  )
  t.end()
})

t.test('a point is the median of the valid trials, with their range', t => {
  const report = onDay(0)
  const [run] = report.runs
  const values = [3, 9, 5, 1]
  const runs = values.map((value, index) => ({ ...run!, index, valid: value !== 9, metrics: { rss_peak: { value } } }))
  const [history] = historiesOf([{ file: 'x', report: { ...report, runs } }], { metrics: ['rss_peak'] })
  t.match(history!.series[0]!.points, [{ value: 3, min: 1, max: 5, trials: 3 }])
  t.same(historiesOf([{ file: 'x', report }], { metrics: ['no_such'] }), [])
  t.same(
    historiesOf([{ file: 'x', report }], {
      metrics: ['query_latency{class:range} p95', 'discovery_latency'],
    })[0]!.series.map(one => `${one.metric} ${one.statistic}`),
    ['query_latency{class=range} p95', 'discovery_latency p50', 'discovery_latency p99'],
    "k6's spelling of tags is understood",
  )
  t.end()
})

t.test('reports are found in folders; what is no use is named', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'churnbench-trend-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const write = (name: string, content: unknown): string => {
    mkdirSync(join(folder, name), { recursive: true })
    const file = join(folder, name, 'report.json')
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    return file
  }
  for (let day = 0; day < 12; day++) write(`a/b/r${day}`, onDay(day, { rss: day < 6 ? 180e6 : 240e6 }))
  mkdirSync(join(folder, 'copy'))
  copyFileSync(join(folder, 'a/b/r0/report.json'), join(folder, 'copy/report.json'))
  write('broken', '{')
  write('foreign', { hello: 1 })
  write('bad', onDay(20, { runs: base.runs.map(run => ({ ...run, valid: false })) }))
  write('node_modules/x', onDay(21))
  mkdirSync(join(folder, 'empty'))
  const { reports, skipped } = await collectReports([
    folder,
    join(folder, 'a'),
    join(folder, 'empty'),
    join(folder, 'gone'),
  ])
  t.equal(reports.length, 12)
  const reasons = Object.fromEntries(skipped.map(({ file, reason }) => [file.slice(folder.length + 1), reason]))
  t.match(reasons, {
    'broken/report.json': /^is not JSON/,
    'foreign/report.json': /^is not a churnbench report: .*, and more$/,
    'bad/report.json': /^has no valid, complete trial/,
    'copy/report.json': /^is the same as .*r0/,
    empty: 'holds no report.json',
    gone: 'does not exist',
  })
  t.equal(skipped.length, 6)
  for (const { reason } of skipped) t.notMatch(reason, /\n/)
  await t.rejects(collectReports([join(folder, 'broken')]), { code: 'CHURN_TREND', exitCode: 2 })

  await t.test('the command', async t => {
    const out = join(folder, 'sub', 'trend.html')
    const good = await runProgram('trend', join(folder, 'a'), join(folder, 'broken'), '--out', out)
    t.equal(good.code, 0, good.stderr)
    t.match(good.stdout, /rss_peak\s+12 results/)
    t.match(good.stdout, /✗ \+3\d(\.\d)?% worse/)
    t.match(good.stdout, /left out .*broken/)
    t.ok(readFileSync(out, 'utf8').startsWith('<!doctype html>'))
    const json = await runProgram('trend', join(folder, 'a'), '--metric', 'rss_peak', '--json', '--out', out)
    const { schema, histories } = JSON.parse(json.stdout) as {
      schema: string
      histories: { series: { changes: unknown[] }[] }[]
    }
    t.equal(schema, 'churnbench/trend/v1')
    t.match(histories[0]!.series[0]!.changes, [
      { index: 6, worse: true, to: { startedAt: '2026-10-07T00:00:00.000Z' } },
    ])
    const none = await runProgram('trend', join(folder, 'broken'), '--out', out)
    t.equal(none.code, 2)
    t.match(none.stderr, /CHURN_TREND/)
    const absent = await runProgram('trend', join(folder, 'a'), '--metric', 'no_such', '--out', out)
    t.equal(absent.code, 2)
    t.match(absent.stderr, /none of the reports has no_such/)
    const blocked = await runProgram('trend', join(folder, 'a'), '--out', join(out, 'below-a-file.html'))
    t.equal(blocked.code, 2)
    t.match(blocked.stderr, /CHURN_REPORT_WRITE/)
  })
})
