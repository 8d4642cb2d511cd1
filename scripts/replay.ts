import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Duration, ScenarioInput, TraceInput } from '../scenarios/index.ts'
import replayScenario from '../scenarios/replay.scenario.ts'
import { collect, numberArgument } from './run-options.ts'
import { addScenarioOptions, runScenarioCommand, type ScenarioCommandOptions } from './scenario.ts'

interface Options extends ScenarioCommandOptions {
  readonly speed?: number
  readonly from?: string
  readonly to?: string
  readonly scale?: number
  readonly only: readonly string[]
  readonly mode?: TraceInput['mode']
  readonly targets?: TraceInput['targets']
  readonly lenient?: boolean
}

export function addReplayCommand(program: Command): void {
  const command = program
    .command('replay')
    .description('replay a churn trace against a subject and write a report, with how true it was to the trace')
    .argument('<trace>', 'file, or the name of a trace that comes with churnbench: incident, working-day')
    .option('--speed <n>', 'trace time per real time; 10 is ten times as fast', speedArgument)
    .option('--from <duration>', 'begin here, with what there is then')
    .option('--to <duration>', 'end before this time of the trace')
    .option('--scale <n>', 'so many clusters like this one side by side', numberArgument(1, 100))
    .option(
      '--only <key=value>',
      'only what has this namespace, name, owner, type or label; may be repeated',
      collect,
      [],
    )
    .addOption(
      new Option('--mode <mode>', 'what follows the trace: everything, or only what people asked for').choices([
        'auto',
        'exact',
        'controllers',
      ]),
    )
    .addOption(
      new Option('--targets <which>', 'pods that serve metrics: those that say so, or all').choices([
        'auto',
        'annotated',
        'all',
      ]),
    )
    .option('--lenient', 'leave out what cannot be read of the trace, and count it')
  addScenarioOptions(command).action(async (file: string, options: Options) => {
    process.exitCode = await runScenarioCommand(inputOf(file, options), `replay -- ${file}`, options, repeated(options))
  })
}

/** The scenario `replay`, with this trace. */
function inputOf(file: string, options: Options): ScenarioInput {
  const { speed, from, to, scale, only, mode, targets, lenient } = options
  const trace: TraceInput = {
    file,
    ...(mode === undefined ? {} : { mode }),
    ...(targets === undefined ? {} : { targets }),
    ...(speed === undefined ? {} : { speed }),
    ...(from === undefined ? {} : { from: from as Duration }),
    ...(to === undefined ? {} : { to: to as Duration }),
    ...(scale === undefined ? {} : { scale }),
    ...(only.length === 0 ? {} : { only }),
    ...(lenient === undefined ? {} : { lenient }),
  }
  // A profile's own part and speed are for the trace that comes with churnbench.
  const profiles = Object.entries(replayScenario.profiles).map(([name, { trace: _, ...rest }]) => [name, rest])
  // In any other trace pods may come and go between two scrapes.
  const { targets_missed: _, ...thresholds } = replayScenario.thresholds
  return {
    ...replayScenario,
    trace,
    thresholds,
    profiles: Object.fromEntries(profiles) as ScenarioInput['profiles'] & object,
  }
}

function repeated(options: Options): string[] {
  const parts: string[] = []
  for (const name of ['speed', 'from', 'to', 'scale', 'mode', 'targets'] as const) {
    const value = options[name]
    if (value !== undefined) parts.push(`--${name} ${value}`)
  }
  for (const only of options.only) parts.push(`--only '${only}'`)
  if (options.lenient === true) parts.push('--lenient')
  return parts
}

function speedArgument(text: string): number {
  const speed = Number(text.replace(/[x×]$/, ''))
  if (!(speed > 0 && speed <= 1e7)) throw new InvalidArgumentError('give a number above 0, at most 10000000')
  return speed
}
