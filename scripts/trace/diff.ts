import { type Command, InvalidArgumentError, Option } from 'commander'
import { ExitCode, parseDuration } from '../../base/index.ts'
import { renderDiffText } from '../../harness/index.ts'
import { diffTraces, IGNORABLE, type Ignored, TraceReader } from '../../sim/index.ts'
import { numberArgument, terminalOptions } from '../run-options.ts'

interface Options {
  readonly ignore: readonly Ignored[]
  readonly tolerance: number
  readonly pods?: true
  readonly json?: true
  readonly lenient?: true
  readonly exitCode?: true
  readonly top: number
}

const HELP = `
Ignoring names compares the owners of pods instead: names have a random part. Nodes are those that pods were bound to.
Exit codes: 0 they were compared; 3, with --exit-code, their events differ; 2 a trace cannot be read.`

export function addDiffCommand(trace: Command): void {
  trace
    .command('diff')
    .description('tell how two traces differ: where they part, what only one has, how far apart in time the rest is')
    .argument('<a>', 'a trace')
    .argument('<b>', 'another; it is told as a change from the first')
    .option(
      '--ignore <what>',
      `what does not count when events are compared, of ${IGNORABLE.join(',')}; may be repeated`,
      ignoreArgument,
      [],
    )
    .addOption(
      new Option('--tolerance <duration>', 'times that are no further apart are the same')
        .argParser(parseDuration)
        .default(0, '0'),
    )
    .option('--pods', 'compare pods one by one, by their names, instead of all pods of an owner together')
    .option('--json', 'the differences on stdout, everything else on stderr')
    .option('--lenient', 'leave out what cannot be read, and count it')
    .option('--exit-code', 'exit 3 when the events differ')
    .option('--top <n>', 'rows of the lists', numberArgument(1, 1000), 10)
    .addHelpText('after', HELP)
    .action(async (a: string, b: string, options: Options) => {
      process.exitCode = await diffCommand(a, b, options)
    })
}

async function diffCommand(a: string, b: string, options: Options): Promise<number> {
  const lenient = options.lenient ?? false
  const diff = await diffTraces(await TraceReader.open(a, { lenient }), await TraceReader.open(b, { lenient }), {
    ignored: [...new Set(options.ignore)],
    toleranceMs: options.tolerance,
    byPod: options.pods ?? false,
  })
  const out = options.json === true ? process.stderr : process.stdout
  out.write(renderDiffText(diff, { ...terminalOptions(out), top: options.top }))
  if (options.json === true) process.stdout.write(`${JSON.stringify(diff)}\n`)
  return options.exitCode === true && !diff.same ? ExitCode.regression : ExitCode.ok
}

function ignoreArgument(text: string, previous: readonly Ignored[]): readonly Ignored[] {
  const wanted = text.split(',').map(name => {
    const known = IGNORABLE.find(each => each === name.trim())
    if (known === undefined) throw new InvalidArgumentError(`give some of ${IGNORABLE.join(',')}`)
    return known
  })
  return [...previous, ...wanted]
}
