import type { Report } from '../report.ts'
import { formatDuration } from '../../base/index.ts'
import { formatValue, plural } from './format.ts'

/** The verdict in one word and one sentence. What makes the figures doubtful comes before what they say. */
export function headline({ verdict, thresholds }: Report): { readonly word: string; readonly sentence: string } {
  const failed = thresholds.filter(threshold => !threshold.ok).length
  switch (verdict.status) {
    case 'pass':
      return {
        word: 'passed',
        sentence: thresholds.length === 0 ? 'No thresholds were set.' : `${all(thresholds.length)} held.`,
      }
    case 'fail':
      return {
        word: 'failed',
        sentence: failed === 0 ? 'The run failed.' : `${failed} of ${plural(thresholds.length, 'threshold')} failed.`,
      }
    case 'invalid':
      return {
        word: 'invalid',
        sentence: 'The harness was the bottleneck: the figures below do not speak about the subject.',
      }
    case 'aborted':
      return {
        word: 'aborted',
        sentence: 'The run was cut short: the figures below cover what had been measured until then.',
      }
    default:
      return { word: verdict.status, sentence: '' }
  }
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
