import type { Command } from 'commander'

/** Adds a sub-command to `trace`. */
type Add = (trace: Command) => void

/** Loaded together: `trace --help` lists them all, and none is heavy before it runs. */
const SUB_COMMANDS: readonly (() => Promise<Add>)[] = [
  async () => (await import('./trace/convert.ts')).addConvertCommand,
  async () => (await import('./trace/cut.ts')).addCutCommand,
  async () => (await import('./trace/scrub.ts')).addScrubCommand,
  async () => (await import('./trace/simulate.ts')).addSimulateCommand,
  async () => (await import('./trace/inspect.ts')).addInspectCommand,
  async () => (await import('./trace/diff.ts')).addDiffCommand,
  async () => (await import('./trace/generate.ts')).addGenerateCommand,
  async () => (await import('./trace/fit.ts')).addFitCommand,
]

export async function addTraceCommand(program: Command): Promise<void> {
  const trace = program.command('trace').description('look into, convert, anonymise and generate churn traces')
  for (const load of SUB_COMMANDS) (await load())(trace)
}
