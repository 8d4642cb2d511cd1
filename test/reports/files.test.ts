import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as fc from 'fast-check'
import t from 'tap'
import {
  canonicalJson,
  prepareReportFolder,
  prettyJson,
  readReport,
  type Report,
  validateReport,
  writeReport,
} from '../../reports/index.ts'
import { sampleAb, sampleCalibration, sampleCapacity, sampleCompare } from './sample-comparison.ts'
import { sampleReport } from './sample-report.ts'

const plain = (value: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(value)) as Record<string, unknown>

/** What each kind of command leaves behind, with everything that the types allow somewhere in it. */
function everyKind(): Readonly<Record<string, Report>> {
  const run = sampleReport({ arms: ['A', 'B'], runsPerArm: 2, status: 'invalid' })
  const crossed = { metric: 'rss_peak', expression: 'value<1', value: 5, atS: 12.5 }
  const host = { stealRatio: 0.001, throttledPeriods: 0, othersRatio: 0.2, generatorPriority: 'realtime' as const }
  const ab = sampleAb({ confirmed: true, pods: 40 })
  const { comparison } = ab
  return {
    run,
    'a run that was cut short': {
      ...run,
      runs: run.runs.map(each => ({ ...each, host, crossed })),
      thresholds: [{ metric: 'rss_peak', expression: 'value<1', value: 5, ok: false, noData: false, aborted: true }],
    },
    ab: {
      ...ab,
      comparison: {
        ...comparison!,
        rows: comparison!.rows.map(row => ({ ...row, note: 'a note', verdict: 'no-data' })),
      },
    },
    calibration: sampleCalibration({ pods: 40 }),
    capacity: sampleCapacity(),
    compare: sampleCompare({ pods: 40 }),
  }
}

void t.test('a report satisfies the published schema, and the schema knows its every field', async t => {
  // The published schema lets readers ignore what they do not know; this stricter copy finds fields that it forgot.
  const strict = JSON.parse(await readFile('docs/report.schema.json', 'utf8'), (key, value: unknown) =>
    key !== 'if' &&
    typeof value === 'object' &&
    value !== null &&
    'properties' in value &&
    !('additionalProperties' in value)
      ? { ...value, unevaluatedProperties: false }
      : value,
  ) as object
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(strict)
  for (const [name, report] of Object.entries(everyKind())) {
    t.same(validateReport(plain(report)), [], name)
    t.ok(validate(plain(report)), `${name}: ${JSON.stringify(validate.errors)}`)
  }
})

void t.test('every field of the schema that is not plain by its name is described, with its unit', async t => {
  const undescribed: string[] = []
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    const { properties } = value as { properties?: Record<string, object | boolean> }
    for (const [name, field] of Object.entries(properties ?? {})) {
      if (typeof field === 'boolean') continue
      const isNumber = 'type' in field && [field.type].flat().includes('number')
      if (
        isNumber &&
        !('description' in field) &&
        !/^(?:min|max|mean|p\d+|memBytes|durationS|intervalS|atS)$/.test(name)
      ) {
        undescribed.push(`${path}.${name}`)
      }
    }
    for (const [name, inner] of Object.entries(value)) visit(inner, `${path}.${name}`)
  }
  visit(JSON.parse(await readFile('docs/report.schema.json', 'utf8')), '')
  const plainByName = ['nodes', 'ulimitNofile', 'loadAvgBefore', 'seriesPerPod', 'scrapeIntervalS', 'value']
  t.same(
    undescribed.filter(path => !plainByName.some(name => path.endsWith(`.${name}`))),
    [],
  )
})

void t.test('what is no report is told so, with paths', async t => {
  const report = plain(sampleReport())
  t.match(validateReport(null), [/^report: must be object/])
  t.match(validateReport({ ...report, schema: 'other/v9' }), [/^schema: must be "churnbench\/report\/v1"$/])
  t.match(validateReport({ ...report, verdict: { status: 'good', exitCode: 0, reasons: [] } }), [
    /^verdict.status: must be one of pass, fail, invalid, aborted, regressed, improved, unchanged, inconclusive$/,
  ])
  const [run] = report.runs as Record<string, unknown>[]
  t.match(validateReport({ ...report, runs: [{ ...run, metrics: { rss_peak: { value: null } } }] }), [
    /^runs.0.metrics.rss_peak.value: must be number/,
  ])
  t.match(
    validateReport({
      ...report,
      runs: [{ ...run, timeline: { intervalS: 1, columns: ['t_s', 'x'], rows: [[0, 1], [1]] } }],
    }),
    ['runs.0.timeline.rows.1: must have 2 values, as columns has'],
  )
  t.ok(validateReport({}).length > 5)
  const ab = plain(sampleAb({ pods: 40 }))
  const comparison = ab.comparison as { rows: object[] }
  const withRow = (row: object): unknown => ({
    ...ab,
    comparison: { ...comparison, rows: [{ ...comparison.rows[0], ...row }] },
  })
  t.match(validateReport(withRow({ verdict: 'maybe' })), [/^comparison.rows.0.verdict: must be one of regressed, /])
  t.match(validateReport(withRow({ interval: [1] })), [/^comparison.rows.0.interval: must NOT have fewer than 2 items/])
  t.match(validateReport(withRow({ p: 1.2 })), [/^comparison.rows.0.p: must be <= 1/])
  const capacity = sampleCapacity()
  const steps = [{ load: 5, run: 77, sustained: true, reasons: [] }]
  t.match(validateReport(plain({ ...capacity, capacity: { ...capacity.capacity!, steps } })), [
    'capacity.steps.0.run: there is no run 77',
  ])
})

void t.test('writing and reading a report keeps every value; files are whole and keys are in order', async t => {
  const dir = join(t.testdir(), 'out', 'new')
  const report = sampleReport()
  const files = await writeReport(dir, report)
  t.same((await readdir(dir)).toSorted(), ['report.html', 'report.json', 'report.md'], 'nothing temporary is left')
  t.same(await readReport(files.json), plain(report))
  t.same(await readReport(dir), plain(report), 'by its folder')
  const text = await readFile(files.json, 'utf8')
  t.same(Object.keys(JSON.parse(text) as object), Object.keys(report).toSorted())
  t.ok(
    text.split('\n').some(line => /^\s+\[0, 75, /.test(line)),
    'a row of the time line is a line',
  )
  t.match(await readFile(files.markdown, 'utf8'), /^<!-- churnbench:rollout -->\n/)
  await writeReport(dir, sampleReport({ seed: 'other' }))
  t.equal((await readReport(dir)).scenario.seed, 'other', 'an older report is replaced')
})

void t.test('an unreachable output folder is one sentence with exit code 2, before and after the run', async t => {
  const dir = t.testdir({ file: 'x' })
  for (const folder of [join(dir, 'file'), join(dir, 'file', 'below')]) {
    for (const attempt of [prepareReportFolder, (to: string) => writeReport(to, sampleReport())]) {
      await t.rejects(async () => void (await attempt(folder)), {
        name: 'ReportError',
        code: 'CHURN_REPORT_WRITE',
        exitCode: 2,
        message: new RegExp(`^cannot write a report to ${folder}: .*; name another with --out$`),
      })
    }
  }
  await mkdir(join(dir, 'taken', 'report.json'), { recursive: true })
  await t.rejects(writeReport(join(dir, 'taken'), sampleReport()), { code: 'CHURN_REPORT_WRITE', exitCode: 2 })
  t.same(await readdir(join(dir, 'taken')), ['report.json'], 'no part of a report is left')
  t.equal(await prepareReportFolder(join(dir, 'fine', 'deep')), join(dir, 'fine', 'deep'))
  t.same(await readdir(join(dir, 'fine', 'deep')), [])
})

void t.test('a report that cannot be read is one sentence with exit code 2', async t => {
  const dir = t.testdir({ 'text.json': 'not json', 'other.json': '{"schema":1}', folder: {} })
  for (const [path, message] of [
    ['missing.json', /missing.json cannot be read/],
    ['folder', /folder cannot be read/],
    ['text.json', /text.json is not JSON/],
    ['other.json', /other.json is not a churnbench report:\n {2}report: must have required property/],
  ] as const) {
    await t.rejects(readReport(join(dir, path)), { code: 'CHURN_REPORT_READ', exitCode: 2, message })
  }
})

void t.test('a report that we made wrongly stops the process instead of being written', async t => {
  const dir = t.testdir()
  const report = sampleReport()
  const broken = { ...report, runs: [{ ...report.runs[0]!, metrics: { rss_peak: { value: NaN } } }] }
  await t.rejects(writeReport(dir, broken), { name: 'AssertionError', message: /runs.0.metrics.rss_peak.value/ })
  await writeFile(join(dir, 'still-writable'), '')
})

void t.test('both kinds of JSON keep the value; canonical JSON does not depend on the order of keys', async t => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const normal = JSON.parse(JSON.stringify(value)) as unknown
      const same = (text: string): boolean => canonicalJson(JSON.parse(text)) === canonicalJson(normal)
      return same(prettyJson(value)) && same(canonicalJson(value))
    }),
  )
  t.equal(canonicalJson({ b: 1, a: [{ d: 2, c: 3 }] }), '{"a":[{"c":3,"d":2}],"b":1}')
})
