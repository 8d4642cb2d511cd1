import type { Command } from 'commander'

interface Options {
  readonly name: string
  readonly lenient?: true
}

export function addFitCommand(trace: Command): void {
  trace
    .command('fit')
    .description('learn a model from a trace, for `trace generate --from`; the model is written to stdout')
    .argument('<trace>', 'the trace to learn from; - is the standard input')
    .option('--name <name>', 'name of the model', 'fitted')
    .option('--lenient', 'leave out what cannot be read, and count it')
    .action(fitCommand)
}

async function fitCommand(path: string, { name, lenient }: Options): Promise<void> {
  const { fitTrace, modelText } = await import('../../sim/trace/generate/index.ts')
  const { TraceReader } = await import('../../sim/trace/index.ts')
  const reader = await TraceReader.open(path, { lenient: lenient === true })
  const { model, notes } = await fitTrace(reader, name)
  for (const note of notes) process.stderr.write(`${note}\n`)
  if (reader.faults.count > 0) {
    process.stderr.write(`${reader.faults.count} lines could not be read and were left out:\n`)
    for (const example of reader.faults.examples) process.stderr.write(`  ${example}\n`)
  }
  process.stdout.write(modelText(model))
}
