import { createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { Prng } from '../../base/index.ts'
import { type ComparisonRow, METRICS, renderHtml, type Report, validateReport } from '../../reports/index.ts'
import { armsOf } from '../../reports/arms.ts'
import { medianTrial } from '../../reports/render/html/trials.ts'
import { ratioScale } from '../../reports/render/svg/ratio-scale.ts'
import { rangeScale } from '../../reports/render/svg/scale.ts'
import { htmlFaults, OUTSIDE, scriptsOf, unscripted } from './html-faults.ts'
import { sampleAb, sampleCalibration, sampleCapacity, sampleCompare, sampleHeatmap } from './sample-comparison.ts'
import { sampleReport } from './sample-report.ts'

const ab = sampleAb({ blocks: 4, pods: 30 })
const KINDS: Readonly<Record<string, Report>> = {
  ab,
  'ab, not confirmed': sampleAb({ blocks: 8, pods: 20, confirmed: false, status: 'inconclusive' }),
  compare: sampleCompare({ blocks: 3, pods: 20, status: 'inconclusive' }),
  calibration: sampleCalibration({ blocks: 3, pods: 20 }),
  capacity: sampleCapacity(),
  'a comparison without rows': { ...ab, comparison: { ...ab.comparison!, rows: [] } },
  'a comparison without data': { ...ab, comparison: { ...ab.comparison!, rows: ab.comparison!.rows.map(empty) } },
  'a search that sustained nothing': capacity(null, 50),
  'a search that met no limit': capacity(800, null),
  'a search that never began': {
    ...sampleCapacity(),
    capacity: { field: 'x', steps: [], sustained: null, failed: null },
  },
  'a calibration of nothing': { ...sampleCalibration({ blocks: 3, pods: 20 }), calibration: { blocks: 3, noise: {} } },
}

function empty(row: ComparisonRow): ComparisonRow {
  const nothing = { base: null, head: null, change: null, interval: null, p: null, pAdjusted: null, detectable: null }
  return { ...row, ...nothing, baseTrials: [], headTrials: [], verdict: 'no-data' }
}

function capacity(sustained: number | null, failed: number | null): Report {
  const report = sampleCapacity()
  const steps = report.capacity!.steps.slice(0, 2).map(step => ({ ...step, sustained: sustained !== null }))
  return { ...report, runs: report.runs.slice(0, 2), capacity: { field: 'x', steps, sustained, failed } }
}

t.test('each kind of report is a whole page of its own sections', t => {
  for (const [name, report] of Object.entries(KINDS)) {
    t.same(validateReport(JSON.parse(JSON.stringify(report))), [], `${name} is a report`)
    const whole = renderHtml(report)
    t.equal(renderHtml(report), whole, `${name}: the same report is the same page`)
    const page = unscripted(whole)
    t.same(htmlFaults(page), [], name)
    t.equal(OUTSIDE.exec(page), null, name)
    t.equal(/NaN|Infinity|undefined|\[object/.exec(page), null, name)
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(match => match[1]!)
    t.equal(new Set(ids).size, ids.length, `${name}: identifiers are given once`)
    for (const [, anchor] of page.matchAll(/ href="#([^"]+)"/g))
      t.ok(ids.includes(anchor!), `${name}: #${anchor} is there`)
    for (const [, title, description] of page.matchAll(/aria-labelledby="(\S+) (\S+)"/g)) {
      t.ok(ids.includes(title!) && ids.includes(description!), `${name}: ${title} names a figure and tells of it`)
    }
  }
  t.ok(/<strong>525<\/strong> was sustained,\s+<strong>550<\/strong>\s+was not/.test(renderHtml(KINDS['capacity']!)))
  t.ok(renderHtml(KINDS['calibration']!).includes('Differences between equals'))
  t.end()
})

t.test('a comparison shows its rows as the terminal does: in words, in figures, with gates marked', t => {
  const page = unscripted(renderHtml(ab))
  for (const { metric } of ab.comparison!.rows) t.ok(page.includes(metric), metric)
  const row = ab.comparison!.rows.find(one => one.verdict === 'regressed' && one.gate)!
  t.match(page, new RegExp(`◆ ${row.metric} ${row.statistic}`), 'a gate has its sign')
  t.ok(/>✗ regressed</.test(page))
  t.ok(/>✓ improved</.test(page))
  t.ok(/<section class="verdict regressed"/.test(page))
  t.ok(/<desc[^>]*>[^<]*discovery_latency p99: \+[\d.]+%, ✗ regressed/.test(page), 'told to those who do not see it')
  t.equal(page.match(/class="dot f0"/g)?.length, page.match(/class="dot f1"/g)?.length, 'a dot for each trial')
  t.ok(/class="pair"/.test(page), 'blocks are joined')
  const compared = unscripted(renderHtml(KINDS['compare']!))
  t.notOk(/class="pair"/.test(compared), 'two reports have no blocks to join')
  t.ok(/informs and decides nothing/.test(compared))
  t.ok(/cpuModel: Example CPU/.test(compared))
  const unconfirmed = unscripted(renderHtml(KINDS['ab, not confirmed']!))
  t.ok(unconfirmed.includes('regressed, but not in the second set of blocks'))
  t.ok(unconfirmed.includes('The second set of blocks, run to confirm'))
  t.notOk(page.includes('run to confirm'))
  t.end()
})

t.test('the heat map adds up the trials of an arm, on one scale for both arms', t => {
  const page = unscripted(renderHtml(ab))
  const total = (arm: 'A' | 'B'): number =>
    ab.runs
      .filter(run => run.arm === arm)
      .reduce((sum, run) => sum + run.heatmaps!['discovery_latency']!.cells.reduce((all, cell) => all + cell[2], 0), 0)
  t.match(page, `${total('A').toLocaleString('en')} observations`)
  t.equal(page.match(/Discovery latency over time: [AB]/g)?.length, 4, 'heading and title, for each arm')
  const legends = [...page.matchAll(/<g class="tick legend">([^]*?)<\/g>/g)].map(match =>
    match[1]!.replace(/ [xyd]="[^"]*"/g, ''),
  )
  t.equal(legends.length, 2)
  t.equal(legends[0], legends[1])
  t.notMatch(unscripted(renderHtml(sampleReport())), /id="heat"/, 'none without data')
  // Widths that differ between trials are brought together.
  const run = ab.runs[0]!
  const finer = { ...run, heatmaps: { discovery_latency: { intervalS: 0.25, cells: [[3, -5, 2]] as const } } }
  const coarser = { ...run, index: 1, heatmaps: { discovery_latency: { intervalS: 2, cells: [[0, -5, 3]] as const } } }
  const { comparison: _comparison, ...plain } = ab
  t.match(unscripted(renderHtml({ ...plain, runs: [finer, coarser] })), /5 observations: half took less than 398 ms/)
  t.end()
})

t.test('only its own script may run, and its data cannot end their element', t => {
  const evil = '</script><script>alert(1)</script><!--'
  const report = sampleReport()
  const run = { ...report.runs[0]!, events: [{ atS: 1, label: evil }] }
  const page = renderHtml({ ...report, runs: [run] })
  const scripts = scriptsOf(page)
  t.same(
    scripts.map(script => script.attributes),
    [' type="application/json" id="time-data"', ''],
  )
  t.equal(scripts[0]!.code.match(/[<>]/), null)
  const data = JSON.parse(scripts[0]!.code) as { marks: [number, string][]; trials: { t: number[] }[] }
  t.same(data.marks, [[1, evil]])
  t.equal(data.trials[0]!.t.length, run.timeline.rows.length)
  const hash = createHash('sha256').update(scripts[1]!.code).digest('base64')
  t.ok(page.includes(`script-src &#39;sha256-${hash}&#39;`), 'the policy names the script by its hash')
  t.match(scripts[1]!.code, /Permission is hereby granted/, "the library's licence goes with it")
  const still = renderHtml({ ...report, runs: [{ ...run, timeline: { intervalS: 1, columns: ['t_s'], rows: [] } }] })
  t.same(scriptsOf(still), [], 'no script where there is nothing to draw')
  t.notOk(/script-src/.test(still))
  t.end()
})

t.test('sixteen trials stay below 400 KB, even long ones with many classes of queries', t => {
  for (const seconds of [60, 3600]) {
    const report = sampleAb({ blocks: 8, pods: 400, seconds })
    const runs = report.runs.map(run => {
      const some = run.metrics['query_latency{class=range}']!
      const classes = ['aggregate', 'join', 'labels', 'regex', 'series', 'topk']
      const more = Object.fromEntries(classes.map(name => [`query_latency{class=${name}}`, some]))
      return { ...run, metrics: { ...run.metrics, ...more } }
    })
    const bytes = Buffer.byteLength(renderHtml({ ...report, runs }))
    t.ok(bytes < 400 * 1024, `${seconds} s: ${bytes} bytes`)
  }
  t.end()
})

t.test('the middle trial speaks for its arm', t => {
  const report = sampleReport({ runsPerArm: 5, pods: 20 })
  const values = [0.5, 0.1, 0.3, 0.9, 0.2]
  const runs = report.runs.map((run, i) => ({
    ...run,
    metrics: { ...run.metrics, rss_peak: { value: values[i]! } },
  }))
  const own: Report = { ...report, scenario: { ...report.scenario, gates: { rss_peak: ['value'] } }, runs }
  t.equal(medianTrial(own, armsOf(own)[0]!).index, 2)
  const even = { ...own, runs: runs.slice(0, 4) }
  t.equal(medianTrial(even, armsOf(even)[0]!).index, 2, 'of an even number, the lower middle')
  const bare = { ...own, runs: runs.map(run => ({ ...run, metrics: {} })) }
  t.equal(medianTrial(bare, armsOf(bare)[0]!).index, 0, 'the first where there is nothing to go by')
  t.match(scriptsOf(renderHtml(own))[0]!.code, /"label":"trial 3 of 5 \(middle one\)"/)
  t.end()
})

t.test('axes hold what they are made for, with ticks that can be told apart', t => {
  const finite = fc.double({ min: 1e-9, max: 1e12, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(finite, { minLength: 1, maxLength: 20 }),
      fc.constantFrom('s', 'bytes', '1/s', '1'),
      (values, unit) => {
        const { ticks, domain, ...scale } = rangeScale(values, [200, 10], unit)
        const labels = ticks.map(tick => tick.label)
        return (
          values.every(
            value => value >= domain[0] && value <= domain[1] && scale.at(value) >= 10 && scale.at(value) <= 200,
          ) &&
          new Set(labels).size === labels.length &&
          ticks.length >= 2 &&
          ticks.length < 14
        )
      },
    ),
  )
  fc.assert(
    fc.property(fc.array(fc.double({ min: -0.999, max: 500, noNaN: true }), { maxLength: 10 }), changes => {
      const { domain, ticks, ...scale } = ratioScale(changes, [100, 500])
      return (
        domain[0] < 0 &&
        domain[1] > 0 &&
        changes.every(change => scale.at(change) >= 100 && scale.at(change) <= 500) &&
        ticks.some(tick => tick.value === 0) &&
        ticks.length < 16
      )
    }),
  )
  const scale = ratioScale([-0.5, 1], [0, 300])
  t.ok(
    Math.abs(scale.at(0) - scale.at(-0.5) - (scale.at(1) - scale.at(0))) < 1e-9,
    'half as much is as far as twice as much',
  )
  t.end()
})

t.test('heat maps of any shape can be drawn', t => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(119), fc.integer({ min: -30, max: 29 }), fc.integer({ min: 1, max: 100_000 })), {
        minLength: 1,
        maxLength: 30,
      }),
      fc.constantFrom(0.25, 0.5, 5, 3600),
      (cells, intervalS) => {
        const run = {
          ...ab.runs[0]!,
          metrics: {},
          heatmaps: { discovery_latency: { intervalS, cells: cells.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]) } },
        }
        const { comparison: _comparison, ...plain } = ab
        const page = unscripted(renderHtml({ ...plain, runs: [run] }))
        return !/NaN|Infinity|undefined/.test(page) && htmlFaults(page).length === 0
      },
    ),
    { numRuns: 30 },
  )
  t.same(sampleHeatmap(new Prng('1'), 50, 1), sampleHeatmap(new Prng('1'), 50, 1))
  t.end()
})

t.test('each metric has its help once, and sub-metrics stand below their metric', t => {
  const page = unscripted(renderHtml(sampleReport()))
  const help = METRICS.query_latency.help
  t.equal(page.split(help).length, 2)
  t.ok(page.indexOf('<tr class="base">') < page.indexOf('<code>query_latency{class=instant}</code></th>'))
  t.end()
})
