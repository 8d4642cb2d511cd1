#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { CodedError, describeError, ExitCode } from '../base/index.ts'
import { addClusterCommand } from './cluster.ts'
import { addPeersCommand } from './peers.ts'
import { addScenarioCommand } from './scenario.ts'
import { addScraperCommand } from './scraper.ts'

/** The `churnbench` program: one sub-command per npm script. */
const program = new Command('churnbench')
  .description('Load test and benchmark for Prometheus-style monitoring of Kubernetes, without a cluster')
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })

addScenarioCommand(program)
addClusterCommand(program)
addScraperCommand(program)
addPeersCommand(program)

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
