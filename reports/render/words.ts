import { type Arm, armsOf } from '../arms.ts'
import { rowKey } from '../compare/policy.ts'
import type { Capacity, Comparison, Report, Warning } from '../report.ts'
import { formatDuration, unreachable } from '../../base/index.ts'
import { formatNumber, formatShare, formatValue, oneLine, plural } from './format.ts'

/** The verdict in one word and one sentence. What makes the figures doubtful comes before what they say. */
export function headline(report: Report): { readonly word: string; readonly sentence: string } {
  const { verdict, thresholds, comparison } = report
  const failed = thresholds.filter(threshold => !threshold.ok).length
  switch (verdict.status) {
    case 'pass':
      return {
        word: 'passed',
        sentence: passed(report),
      }
    case 'fail':
      return {
        word: 'failed',
        sentence: failed === 0 ? 'The run failed.' : `${failed} of ${plural(thresholds.length, 'threshold')} failed.`,
      }
    case 'invalid':
      return {
        word: 'invalid',
        sentence:
          comparison === undefined
            ? 'The harness was the bottleneck: the figures below do not speak about the subject.'
            : comparison.differences.length > 0
              ? 'The two are not comparable: the figures below decide nothing.'
              : 'Too many trials are invalid: the figures below decide nothing.',
      }
    case 'aborted':
      return {
        word: 'aborted',
        sentence: 'The run was cut short: the figures below cover what had been measured until then.',
      }
    default:
      return { word: verdict.status, sentence: comparison === undefined ? '' : judged(verdict.status, comparison) }
  }
}

function passed({ thresholds, comparison, capacity, kind }: Report): string {
  const held = thresholds.length === 0 ? 'No thresholds were set.' : `${all(thresholds.length)} held.`
  if (capacity !== undefined) return `The search ended. ${held}`
  if (kind === 'calibration') return `The noise of this machine is known. ${held}`
  return comparison?.informational === true ? `${held} The comparison informs and decides nothing.` : held
}

/** What a comparison says of its gates. */
function judged(status: 'regressed' | 'improved' | 'unchanged' | 'inconclusive', comparison: Comparison): string {
  const gates = comparison.rows.filter(row => row.gate)
  const [regressed, improved, undecided] = [
    gates.filter(row => row.verdict === 'regressed').length,
    gates.filter(row => row.verdict === 'improved').length,
    gates.filter(row => row.verdict === 'inconclusive' || row.verdict === 'no-data').length,
  ]
  const of = ` of ${plural(gates.length, 'gate')}`
  switch (status) {
    case 'regressed':
      return `${regressed}${of} regressed${comparison.confirmation === undefined ? '' : ', seen again in a second set of blocks'}.`
    case 'improved':
      return `${improved}${of} improved, none regressed.`
    case 'unchanged':
      return gates.length === 0 ? 'No gates are declared.' : `None${of} changed by more than its limit.`
    case 'inconclusive':
      return `${undecided}${of} ${undecided === 1 ? 'is' : 'are'} undecided: too few trials, or too much noise.`
    default:
      return unreachable(status, 'status')
  }
}

/** Who an arm is: its subject, and for two reports where it comes from. */
export function subjectOf({ kind, comparison }: Report, { name, subject }: Arm): string {
  if (kind !== 'compare' || comparison === undefined) return subject
  return `${subject}  (${name === 'A' ? 'base' : 'head'}: ${comparison[name === 'A' ? 'base' : 'head'].label})`
}

/**
 * The arms whose figures are worth showing as such: a comparison has shown them side by side already, and the trials of a
 * search have nothing in common but its field, so that only the highest load sustained is shown.
 */
export function shownArms(report: Report, arms: readonly Arm[]): readonly Arm[] {
  const { comparison, capacity } = report
  if (comparison !== undefined && comparison.rows.length > 0) return []
  if (capacity === undefined) return arms
  const best = capacity.steps.filter(step => step.sustained).toSorted((a, b) => b.load - a.load)[0]
  return best === undefined ? [] : armsOf({ ...report, runs: report.runs.filter(run => run.index === best.run) })
}

/** How a comparison was made: `8 blocks, interleaved, sign-flip permutation, Holm at 5%, 95% intervals, seed 42` */
export function methodOf({ comparison }: Report): string {
  if (comparison === undefined) return ''
  const { method, base, head, alpha, confidence, seed, confirmation } = comparison
  const again = confirmation === undefined ? '' : ' and as many again'
  return [
    method === 'paired'
      ? `${plural(base.trials, 'block')}${again}, interleaved, sign-flip permutation`
      : `${base.trials} against ${plural(head.trials, 'trial')} of two reports, Mann-Whitney`,
    `Holm at ${formatShare(alpha)}`,
    `${formatShare(confidence)} intervals`,
    `seed ${seed}`,
  ].join(', ')
}

/** The last line of a comparison: `REGRESSED (1 confirmed of 5 gates)  exit 3`. */
export function conclusion({ verdict, comparison, thresholds }: Report): string {
  const gates = comparison?.rows.filter(row => row.gate) ?? []
  const count = (status: string): number => gates.filter(row => row.verdict === status).length
  const found: string[] = []
  if (count('regressed') > 0) {
    found.push(`${count('regressed')} regressed${comparison?.confirmation === undefined ? '' : ' and confirmed'}`)
  }
  for (const status of ['improved', 'inconclusive', 'no-data', 'unchanged']) {
    if (count(status) > 0) found.push(`${count(status)} ${status.replace('-', ' ')}`)
  }
  const failed = thresholds.filter(threshold => !threshold.ok).length
  const detail = [
    `${found.join(', ')}${found.length > 0 ? ' of ' : ''}${plural(gates.length, 'gate')}`,
    ...(failed > 0 ? [`${failed} of ${plural(thresholds.length, 'threshold')} failed`] : []),
  ].join('; ')
  return `${verdict.status.toUpperCase()} (${detail})  exit ${verdict.exitCode}`
}

function all(count: number): string {
  return count === 1 ? 'The threshold' : `All ${count} thresholds`
}

/** `8 nodes, 58 pods at once, 84 series each, scraped every 5s` */
export function scaleOf({ scenario: { scale } }: Report): string {
  return [
    plural(scale.nodes, 'node'),
    `${plural(scale.pods, 'pod')} at once`,
    `${formatValue(scale.seriesPerPod, '1')} series each`,
    `scraped every ${formatDuration(scale.scrapeIntervalS * 1000)}`,
  ].join(', ')
}

/**
 * What a replay came to, in short: `incident.trace.jsonl.gz at 10×, exactly: 4,210 events in order, final state equal`.
 * `undefined` when nothing was replayed.
 */
export function replayOf({ runs }: Report): string | undefined {
  const replay = runs.find(run => run.replay !== undefined)?.replay
  if (replay === undefined) return undefined
  const { mode, speed, played, simulated, leftOut, faults, compared, different } = replay
  const skipped = Object.entries(replay.skipped)
  const parts = [plural(played, 'event')]
  if (mode === 'exact' && skipped.length === 0) {
    parts.push(
      replay.plannedSha256 === replay.achievedSha256
        ? 'all as the trace has them, in order'
        : 'order or content differ',
    )
  }
  if (simulated > 0) parts.push(`${formatNumber(simulated)} left to the controllers`)
  for (const [reason, count] of skipped) parts.push(`${formatNumber(count)} skipped: ${reason}`)
  if (leftOut > 0) parts.push(`${formatNumber(leftOut)} not selected`)
  if (faults > 0) parts.push(`${plural(faults, 'faulty line')} left out`)
  parts.push(
    different === 0
      ? `final state equal (${plural(compared, 'object')})`
      : `${plural(different, 'object')} of ${formatNumber(compared)} different in the end`,
  )
  const how = mode === 'exact' ? 'exactly' : 'through the controllers'
  return `${replay.trace} at ${formatNumber(speed)}×, ${how}: ${parts.join(', ')}`
}

/** `2 × AMD EPYC, 7.8 GiB · Linux 6.1 x64 · Node 20.20.2` */
export function machineOf({ environment: e }: Report): string {
  return [
    `${e.cpuCount} × ${e.cpuModel}, ${formatValue(e.memBytes, 'bytes')}`,
    `${e.os} ${e.kernel} ${e.arch}`,
    `Node ${e.node.replace(/^v/, '')}`,
  ].join(' · ')
}

/** Trials and their length: `1 run, 55s`, `16 runs of A and B, 55s each`. */
export function runsOf({ runs }: Report): string {
  if (runs.length === 0) return 'no runs'
  const arms = new Set(runs.map(run => run.arm)).size
  const mean = runs.reduce((sum, run) => sum + run.durationS, 0) / runs.length
  const length = formatDuration(Math.round(mean) * 1000)
  return runs.length === 1 ? `1 run, ${length}` : `${runs.length} runs${arms > 1 ? ' of A and B' : ''}, ${length} each`
}

/** What a comparison of the same with itself says of the method: differences should be as rare as its α allows. */
export function selfTest({ rows, alpha }: Comparison): string {
  const gates = rows.filter(row => row.gate)
  const different = gates.filter(row => row.verdict === 'regressed' || row.verdict === 'improved')
  const of = plural(gates.length, 'gate')
  return different.length === 0
    ? `Self-test: the two arms were the same, and none of ${of} was found to differ.`
    : `Self-test: the two arms were the same, and yet of ${of} ${oneLine(different.map(rowKey).join(', '))} was found to differ, ` +
        `which should happen in ${formatShare(alpha)} of all calibrations.`
}

/** What a search found. */
export function capacitySentence({
  field,
  sustained,
  failed,
}: Pick<Capacity, 'field' | 'sustained' | 'failed'>): string {
  const name = oneLine(field)
  if (sustained === null) return `No load was sustained: ${name} failed already at ${formatNumber(failed ?? 0)}.`
  const highest = `Highest load sustained: ${name} = ${formatNumber(sustained)}`
  return failed === null
    ? `${highest}, the upper bound of the search.`
    : `${highest}; the lowest that was not: ${formatNumber(failed)}.`
}

/** Warnings of one kind beyond these are only counted: trials of a long comparison bring one each. */
const SAME_KIND_MAX = 2

/** The warnings for people: by kind, the first of each kind in words, and how many more there are. */
export function toldWarnings({ warnings }: Report): Warning[] {
  const kinds = new Map<string, Warning[]>()
  for (const warning of warnings) kinds.set(warning.code, [...(kinds.get(warning.code) ?? []), warning])
  return [...kinds.values()].flatMap(all => {
    if (all.length <= SAME_KIND_MAX) return all
    const { code, message } = all[0]!
    return [{ code, message: `${message} (and ${all.length - 1} more of this kind)` }]
  })
}

/** What a threshold found, in the metric's unit. */
export function found(value: number | null, expression: string, unit: string): string {
  if (value === null) return 'no data'
  // A count or a rate of observations is not in the metric's unit.
  if (/^\s*count/.test(expression)) return formatValue(value, '1')
  if (/^\s*rate/.test(expression)) return formatValue(value, '1/s')
  return formatValue(value, unit)
}

/** An instant of planned time: `12.5 s`, `5:07`. */
export function timeText(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  return `${minutes}:${String(Math.floor(seconds - 60 * minutes)).padStart(2, '0')}`
}
