#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { CodedError, describeError, ExitCode } from '../base/index.ts'

/** One sub-command per npm script. Loaded on demand: what a user waits for at each start is what this one needs. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void | Promise<void>>>> = {
  scenario: async () => (await import('./scenario.ts')).addScenarioCommand,
  ab: async () => (await import('./ab.ts')).addAbCommand,
  calibrate: async () => (await import('./calibrate.ts')).addCalibrateCommand,
  compare: async () => (await import('./compare.ts')).addCompareCommand,
  baseline: async () => (await import('./baseline.ts')).addBaselineCommand,
  export: async () => (await import('./export.ts')).addExportCommand,
  trend: async () => (await import('./trend.ts')).addTrendCommand,
  import: async () => (await import('./import.ts')).addImportCommand,
  record: async () => (await import('./record.ts')).addRecordCommand,
  replay: async () => (await import('./replay.ts')).addReplayCommand,
  trace: async () => (await import('./trace.ts')).addTraceCommand,
  cluster: async () => (await import('./cluster.ts')).addClusterCommand,
  scraper: async () => (await import('./scraper.ts')).addScraperCommand,
  peers: async () => (await import('./peers.ts')).addPeersCommand,
}

const program = new Command('churnbench')
  .description('Load test and benchmark for Prometheus-style monitoring of Kubernetes, without a cluster')
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })

const wanted = COMMANDS[process.argv[2] ?? '']
for (const load of wanted === undefined ? Object.values(COMMANDS) : [wanted]) await (await load())(program)

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

/** One sentence on stderr for what the world did; a stack only for what we did wrong. */
function exitCodeOf(error: unknown): number {
  // Commander has written its own message or the help already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage
  if (error instanceof CodedError) {
    process.stderr.write(`churnbench: ${describeError(error)} [${error.code}]\n`)
    return error.exitCode
  }
  process.stderr.write(`churnbench: internal error\n${error instanceof Error ? error.stack : String(error)}\n`)
  return ExitCode.internal
}
