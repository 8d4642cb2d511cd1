import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { CodedError, ExitCode } from '../base/index.ts'
import { collectReports, historiesOf, prettyJson, renderTrendHtml, renderTrendText } from '../reports/index.ts'
import { collect } from './run-options.ts'

interface Options {
  readonly out: string
  readonly metric: readonly string[]
  readonly json?: true
}

export function addTrendCommand(program: Command): void {
  program
    .command('trend')
    .description('show how the figures of many reports went over time, and where their level changed')
    .argument('<report...>', 'report.json files, and folders to search for them')
    .option('--out <file>', 'the page to write', join('reports', 'out', 'trend.html'))
    .option(
      '--metric <name>',
      'figure to follow, "discovery_latency p99" or "rss_peak"; may be repeated (default: the gates of the scenario)',
      collect,
      [],
    )
    .option('--json', 'histories and changes on stdout, everything else on stderr')
    .action(async (paths: readonly string[], options: Options) => {
      process.exitCode = await trendCommand(paths, options)
    })
}

/** @throws CodedError CHURN_TREND (exit 2): no report can be read, or none has the figures that were asked for */
async function trendCommand(paths: readonly string[], options: Options): Promise<number> {
  const collected = await collectReports(paths)
  const histories = historiesOf(collected.reports, { metrics: options.metric })
  if (histories.length === 0) {
    const asked = options.metric.length === 0 ? 'any of the usual figures' : options.metric.join(', ')
    throw new CodedError('CHURN_TREND', `none of the reports has ${asked}`, { exitCode: ExitCode.usage })
  }
  const out = resolve(options.out)
  try {
    mkdirSync(dirname(out), { recursive: true })
    writeFileSync(out, renderTrendHtml(histories, collected))
  } catch (cause) {
    throw new CodedError('CHURN_REPORT_WRITE', `cannot write ${options.out}; name another file with --out`, {
      cause,
      exitCode: ExitCode.usage,
    })
  }
  const stream = options.json === true ? process.stderr : process.stdout
  stream.write(renderTrendText(histories, collected, { color: stream.isTTY }))
  if (options.json === true)
    process.stdout.write(prettyJson({ schema: 'churnbench/trend/v1', histories, skipped: collected.skipped }))
  process.stderr.write(`trend: ${out}\n`)
  return ExitCode.ok
}
