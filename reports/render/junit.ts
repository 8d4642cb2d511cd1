import { infoOf } from '../arms.ts'
import type { Comparison, ComparisonRow, Report, ThresholdResult } from '../report.ts'
import { comparedCells, labelOf } from './compare-table.ts'
import { found, headline } from './words.ts'

/** A test case and what became of it. */
interface Case {
  /** What the case is about: `validity`, `thresholds`, `gates`. */
  readonly group: string
  readonly name: string
  readonly outcome?: {
    readonly kind: 'failure' | 'error' | 'skipped'
    readonly type: string
    readonly message: string
    readonly body?: string
  }
}

/**
 * The report as JUnit XML, for whatever shows test results: one suite, in which validity, each threshold and each gate is a
 * test case.
 *
 * A failed threshold and a regression are failures; a run that is invalid or was cut short is an error; a gate that is
 * inconclusive or without data, or that only informs, is skipped, with the reason.
 */
export function renderJUnit(report: Report): string {
  const cases = [validity(report), ...report.thresholds.map(result => threshold(report, result)), ...gates(report)]
  const count = (kind: string): number => cases.filter(({ outcome }) => outcome?.kind === kind).length
  const seconds = report.runs.reduce((sum, run) => sum + run.durationS, 0)
  const totals = attributes({
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: seconds.toFixed(3),
  })
  const suite = `churnbench.${report.scenario.name}`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'churnbench' })}${totals}>`,
    `  <testsuite${attributes({ name: suite })}${totals}${attributes({ timestamp: report.startedAt.replace(/(\.\d+)?Z$/, '') })}>`,
    '    <properties>',
    ...Object.entries(properties(report)).map(([name, value]) => `      <property${attributes({ name, value })}/>`),
    '    </properties>',
    ...cases.map(each => element(suite, each)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function properties(report: Report): Record<string, string> {
  const { scenario, runs, tool } = report
  const subjects = [...new Set(runs.map(run => `${run.arm}: ${run.subject.kind} ${run.subject.version}`.trim()))]
  return {
    kind: report.kind,
    profile: scenario.profile,
    seed: scenario.seed,
    subjects: subjects.join(', '),
    tool: `${tool.name} ${tool.version}`,
    ...(tool.gitSha === undefined ? {} : { commit: tool.gitSha }),
    environment: report.environment.fingerprint,
    verdict: report.verdict.status,
    exitCode: String(report.verdict.exitCode),
    report: report.id,
  }
}

function validity(report: Report): Case {
  const { verdict } = report
  const base = { group: 'validity', name: 'the run is complete and valid' }
  if (verdict.status !== 'invalid' && verdict.status !== 'aborted') return base
  return {
    ...base,
    outcome: {
      kind: 'error',
      type: verdict.status,
      message: headline(report).sentence,
      body: verdict.reasons.join('\n'),
    },
  }
}

function threshold(report: Report, { metric, expression, value, ok, noData }: ThresholdResult): Case {
  const base = { group: 'thresholds', name: `${metric} ${expression}` }
  if (ok) return base
  const measured = found(value, expression, infoOf(report, metric).unit)
  return {
    ...base,
    outcome: {
      kind: 'failure',
      type: noData ? 'no-data' : 'threshold',
      message: noData ? `${metric} has no data` : `${metric} is ${measured}, wanted ${expression}`,
    },
  }
}

function gates({ comparison }: Report): Case[] {
  if (comparison === undefined) return []
  return comparison.rows.filter(row => row.gate).map(row => gate(row, comparison))
}

function gate(row: ComparisonRow, comparison: Comparison): Case {
  const base = { group: 'gates', name: labelOf(row) }
  const { base: from, head: to, change, interval, p, verdict, note } = comparedCells(row, comparison)
  const figures = [
    `${from} -> ${to}`,
    change,
    ...(interval === '' ? [] : [interval]),
    ...(p === '' ? [] : [`p ${p}`]),
  ].join(', ')
  const outcome = (kind: 'failure' | 'skipped', type: string): Case => ({
    ...base,
    outcome: { kind, type, message: `${labelOf(row)} ${verdict}: ${figures}`, ...(note === '' ? {} : { body: note }) },
  })
  if (row.verdict === 'inconclusive' || row.verdict === 'no-data') return outcome('skipped', row.verdict)
  if (row.verdict !== 'regressed') return base
  if (comparison.informational) return outcome('skipped', 'informational')
  return outcome('failure', 'regressed')
}

function element(suite: string, { group, name, outcome }: Case): string {
  const open = `    <testcase${attributes({ classname: `${suite}.${group}`, name, time: '0' })}`
  if (outcome === undefined) return `${open}/>`
  const { kind, type, message, body } = outcome
  // Only failures and errors have a type in the schema that most readers share.
  const about = attributes(kind === 'skipped' ? { message } : { message, type })
  const inner = body === undefined ? `<${kind}${about}/>` : `<${kind}${about}>${escape(body)}</${kind}>`
  return `${open}>\n      ${inner}\n    </testcase>`
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escape(String(value))}"`)
    .join('')
}

/** What XML 1.0 cannot hold at all, not even escaped: most control characters, and halves of surrogate pairs. */
const UNHOLDABLE =
  // oxlint-disable-next-line no-control-regex -- that is what is to be removed
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/** Text or attribute: line breaks and tabs, which would become blanks in an attribute, are written as references. */
function escape(value: string): string {
  return value
    .replace(UNHOLDABLE, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/[\t\n\r]/g, char => `&#${char.charCodeAt(0)};`)
}
