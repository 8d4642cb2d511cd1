import { type Command, InvalidArgumentError, Option } from 'commander'
import { formatDuration, parseDuration, toolName } from '../../base/index.ts'
import { type ConversionReport, type ConvertOptions, convertTrace } from '../../sim/trace/convert/convert.ts'
import { FORMATS } from '../../sim/trace/convert/converter.ts'
import { numberArgument, seedArgument } from '../run-options.ts'

interface Options extends Omit<ConvertOptions, 'readyAfterMs' | 'graceMs' | 'tool'> {
  readonly out: string
  readonly readyAfter?: number
  readonly grace?: number
  readonly json?: boolean
}

const FORMATS_HELP = `
Formats: churnbench (a trace, written again as a sound one), simkube (.sktrace, version 2), kwok (kwokctl snapshot export
--record), openb (pod list; with --nodes-file), events (kubectl get events -A -o json, a watch, or one a line),
arrivals (CSV: a row per request, or time,rate; with --per-pod).`

/** Writes what others recorded as a trace. */
export function addConvertCommand(trace: Command): void {
  trace
    .command('convert')
    .description("write another system's recording, or an edited trace, as a trace")
    .argument('<input>', 'file, gzip or not; - is the standard input')
    .requiredOption('--out <file>', 'the trace to write; .gz compresses it')
    .addOption(new Option('--format <name>', 'format of the input (default: what it looks like)').choices(FORMATS))
    .option('--lenient', 'leave out what cannot be read, and count it')
    .option('--force', 'replace an existing output')
    .option('--seed <n>', 'seed of what is drawn (openb: nodes of pods)', seedArgument, '1')
    .option('--nodes-file <file>', 'openb: the list of nodes')
    .option('--nodes <n>', 'simkube, arrivals: make up so many nodes', numberArgument(1, 100_000))
    .addOption(
      new Option('--targets <which>', 'simkube, kwok: pods to scrape (default: annotated, where any is)').choices([
        'annotated',
        'all',
      ]),
    )
    .option('--per-pod <n>', 'arrivals: requests per second that one pod serves', rateArgument)
    .option('--min-replicas <n>', 'arrivals: fewest pods (default: 1)', numberArgument(1, 1_000_000))
    .option('--max-replicas <n>', 'arrivals: most pods (default: 100)', numberArgument(1, 1_000_000))
    .option('--workload <name>', 'arrivals: the Deployment (default: default/arrivals)', workloadArgument)
    .option('--ready-after <duration>', 'events: a pod is ready so long after its start (default: 10s)', parseDuration)
    .option(
      '--grace <duration>',
      'events: a pod is gone so long after its deletion began (default: 30s)',
      parseDuration,
    )
    .option('--json', 'the conversion report on stdout, everything else on stderr')
    .addHelpText('after', FORMATS_HELP)
    .action(async (input: string, options: Options) => {
      await convertCommand(input, options)
    })
}

async function convertCommand(input: string, options: Options): Promise<void> {
  const { out, json, readyAfter, grace, ...rest } = options
  const report = await convertTrace(input, out, {
    ...rest,
    ...(readyAfter === undefined ? {} : { readyAfterMs: readyAfter }),
    ...(grace === undefined ? {} : { graceMs: grace }),
    tool: toolName(),
  })
  process.stderr.write(summaryOf(report))
  if (json === true) process.stdout.write(`${JSON.stringify(report)}\n`)
}

function summaryOf({ format, detected, input, output, read, written, leftOut, inferred }: ConversionReport): string {
  const { events, durationMs, byOp } = written
  const lines = [
    `${input}: ${format}${detected ? ' (as it looks)' : ''}; read: ${listOf(read)}`,
    `${output}: ${events} events over ${formatDuration(durationMs)}: ${listOf(byOp)}`,
    ...inferred.map(({ what, count }) => `inferred ${count}×: ${what}`),
    ...leftOut.map(({ reason, count, examples }) => `left out ${count}×: ${reason}${exampleOf(examples)}`),
  ]
  return `${lines.join('\n')}\n`
}

function listOf(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).map(([what, count]) => `${count} ${what}`)
  return entries.length === 0 ? 'nothing' : entries.join(', ')
}

function exampleOf([first]: readonly string[]): string {
  return first === undefined ? '' : ` (as ${first})`
}

function rateArgument(text: string): number {
  const rate = Number(text)
  if (text === '' || !Number.isFinite(rate) || rate < 0.001)
    throw new InvalidArgumentError('give a number from 0.001 on')
  return rate
}

function workloadArgument(text: string): string {
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(text)) {
    throw new InvalidArgumentError('give it as namespace/name')
  }
  return text
}
