import type { Command } from 'commander'

/** Adds a sub-command to `trace`. */
type Add = (trace: Command) => void

/** By name. Loaded on demand, as the commands of the program are: some need the whole harness. */
const SUB_COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  inspect: async () => (await import('./trace/inspect.ts')).addInspectCommand,
  diff: async () => (await import('./trace/diff.ts')).addDiffCommand,
  convert: async () => (await import('./trace/convert.ts')).addConvertCommand,
  cut: async () => (await import('./trace/cut.ts')).addCutCommand,
  scrub: async () => (await import('./trace/scrub.ts')).addScrubCommand,
  generate: async () => (await import('./trace/generate.ts')).addGenerateCommand,
  fit: async () => (await import('./trace/fit.ts')).addFitCommand,
  simulate: async () => (await import('./trace/simulate.ts')).addSimulateCommand,
}

export async function addTraceCommand(program: Command): Promise<void> {
  const trace = program.command('trace').description('look into, convert, anonymise and generate churn traces')
  const wanted = SUB_COMMANDS[process.argv[3] ?? '']
  for (const load of wanted === undefined ? Object.values(SUB_COMMANDS) : [wanted]) (await load())(trace)
}
