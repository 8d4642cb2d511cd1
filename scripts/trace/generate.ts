import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { describeError, formatDuration, parseDuration } from '../../base/index.ts'
import type * as Generator from '../../sim/trace/generate/index.ts'
import { steady, TRACE_PRESETS } from '../../sim/trace/generate/presets/index.ts'
import { TraceError, type TraceHeader } from '../../sim/trace/index.ts'
import { collect, numberArgument, seedArgument } from '../run-options.ts'

interface Options {
  readonly preset?: string
  readonly from?: string
  readonly out?: string
  readonly seed: string
  readonly duration?: number
  readonly set: readonly string[]
  readonly scale?: number
  readonly rate?: number
  readonly events?: number
  readonly eventsPerSecond?: number
  readonly printModel?: true
  readonly force?: true
  readonly json?: true
}

const DEFAULT_PRESET = 'mid-size'

const HELP = `
Models:
${Object.values(TRACE_PRESETS)
  .map(({ name, description }) => `  ${name.padEnd(10)}${description}`)
  .join('\n')}

Examples:
  trace generate --out day.trace.jsonl.gz --seed 7
  trace generate --preset steady --events-per-second 1000 --duration 60s --out steady.jsonl.gz
  trace generate --preset steady --events-per-second 10000 --duration 1h --events 5000000 --out 5m.jsonl.gz
  trace fit recorded.trace.jsonl.gz > model.json && trace generate --from model.json --scale 3 --out larger.jsonl.gz
  trace generate --preset batch --print-model > my-model.json`

export function addGenerateCommand(trace: Command): void {
  trace
    .command('generate')
    .description('make a trace from the statistics of a cluster: a preset, or a model of your own')
    .addOption(
      new Option('--preset <name>', `model to start from (default: ${DEFAULT_PRESET})`)
        .choices(Object.keys(TRACE_PRESETS))
        .conflicts('from'),
    )
    .option('--from <file>', 'model to start from, as `trace fit` writes it; - is the standard input')
    .option('--out <file>', 'trace to write; compressed when its name ends in .gz')
    .option('--seed <n>', 'seed of everything that is drawn', seedArgument, '1')
    .option('--duration <duration>', 'how long the trace lasts', parseDuration)
    .option('--set <path=value>', 'override any field of the model; may be repeated', collect, [])
    .option('--scale <factor>', 'so many times as many nodes, workloads, arrivals and failures', factorArgument)
    .option('--rate <factor>', 'so many times as much going on: rollouts, scaling, arrivals, crashes', factorArgument)
    .option('--events <n>', 'end the trace after so many events', numberArgument(1, 1_000_000_000))
    .option('--events-per-second <n>', 'preset steady: rate of the churn', numberArgument(1, 1_000_000))
    .option('--print-model', 'print the model instead of making a trace')
    .option('--force', 'replace the file if it is there already')
    .option('--json', "the trace's header on stdout, everything else on stderr")
    .addHelpText('after', HELP)
    .action(generateCommand)
}

/** The generator and the harness are loaded when they are needed: `trace --help` lists this command too. */
const loadGenerator = (): Promise<typeof Generator> => import('../../sim/trace/generate/index.ts')

async function generateCommand(options: Options): Promise<void> {
  const generator = await loadGenerator()
  const { modelText, writeGeneratedTrace } = generator
  const model = modelOf(generator, options)
  if (options.printModel === true) {
    process.stdout.write(modelText(model))
    return
  }
  const { out, seed, events, force = false } = options
  if (out === undefined) throw wrong('name the trace to write with --out')
  process.stderr.write(`repeat with: npm run trace -- generate ${repeatOptions(options).join(' ')}\n`)
  const { captureTool } = await import('../../harness/index.ts')
  const { name, version } = await captureTool(new URL('../../../', import.meta.url))
  const header = await writeGeneratedTrace(out, model, {
    seed,
    force,
    tool: `${name} ${version}`,
    details: { model: model.name, ...detailsOf(options) },
    ...(events === undefined ? {} : { eventsMax: events }),
  })
  const stream = options.json === true ? process.stderr : process.stdout
  stream.write(summaryOf(out, header))
  if (options.json === true) process.stdout.write(`${JSON.stringify(header)}\n`)
}

/** @throws TraceError CHURN_TRACE_OPTIONS, CHURN_TRACE_FILE */
function modelOf(
  { withField, judgeModel, livelier, enlarged }: typeof Generator,
  options: Options,
): Generator.TraceModel {
  const { from, duration, scale = 1, rate = 1, set } = options
  let model: unknown = from === undefined ? presetOf(options) : readModel(from)
  if (duration !== undefined) model = withField(model, `durationMs=${Math.round(duration)}`)
  for (const assignment of set) model = withField(model, assignment)
  const judged = judgeModel(model, from === '-' ? 'on the standard input' : (from ?? options.preset ?? DEFAULT_PRESET))
  // Factors may lead out of what the schema allows.
  return judgeModel(livelier(enlarged(judged, scale), rate), 'that --scale and --rate lead to')
}

function presetOf({ preset = DEFAULT_PRESET, eventsPerSecond }: Options): Generator.TraceModel {
  if (eventsPerSecond === undefined) return TRACE_PRESETS[preset]!
  if (preset !== 'steady') throw wrong('--events-per-second is for --preset steady; others take --rate')
  return steady(eventsPerSecond)
}

function readModel(from: string): unknown {
  let text: string
  try {
    text = readFileSync(from === '-' ? 0 : from, 'utf8')
  } catch (cause) {
    throw new TraceError('CHURN_TRACE_FILE', `the model ${from} cannot be read`, { cause })
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw wrong(`the model ${from} is no JSON: ${describeError(error)}`)
  }
}

/** What shaped the model beside its own file, as options; those that are not given are left out. */
function shapingOptions({ duration, scale, rate, events, eventsPerSecond, set }: Options): [string, string][] {
  const given: [string, string | undefined][] = [
    ['events-per-second', eventsPerSecond?.toString()],
    ['duration', duration === undefined ? undefined : formatDuration(duration)],
    ['scale', scale?.toString()],
    ['rate', rate?.toString()],
    ['events', events?.toString()],
    ...set.map((assignment): [string, string] => ['set', assignment]),
  ]
  return given.filter((option): option is [string, string] => option[1] !== undefined)
}

function detailsOf(options: Options): Record<string, string> {
  const details: Record<string, string> = {}
  for (const [name, value] of shapingOptions(options)) details[name] = [details[name], value].filter(Boolean).join(' ')
  return details
}

function repeatOptions(options: Options): string[] {
  const { from, preset = DEFAULT_PRESET, seed, out } = options
  return [
    from === undefined ? `--preset ${preset}` : `--from ${from}`,
    `--seed ${seed}`,
    ...shapingOptions(options).map(([name, value]) => `--${name} ${name === 'set' ? `'${value}'` : value}`),
    `--out ${out}`,
  ]
}

function summaryOf(path: string, { counts, scale, durationMs = 0, sha256 }: TraceHeader): string {
  const perSecond = (counts!.events / Math.max(1, durationMs)) * 1000
  return `${path}: ${counts!.events} events in ${formatDuration(durationMs)} (${perSecond.toPrecision(3)} a second)
  pods       ${counts!.podsCreated} created, ${scale!.pods} at once, ${scale!.podsPerNode} on a node at most
  nodes      ${scale!.nodes} at once
  workloads  ${scale!.workloads} at once, ${scale!.services} services
  sha256     ${sha256}
`
}

function factorArgument(text: string): number {
  const factor = Number(text)
  if (!(factor > 0 && factor <= 10_000)) throw new InvalidArgumentError('give a number above 0 and up to 10000')
  return factor
}

function wrong(message: string): TraceError {
  return new TraceError('CHURN_TRACE_OPTIONS', message)
}
