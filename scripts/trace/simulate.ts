import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { ExitCode, formatDuration, parseDuration, SystemClock } from '../../base/index.ts'
import { resolveScenario, runOrigin } from '../../harness/index.ts'
import type { ProfileName, ScenarioInput } from '../../scenarios/index.ts'
import replayScenario from '../../scenarios/replay.scenario.ts'
import { readTraceHeader, runVirtually } from '../../sim/index.ts'
import { collect, findScenario, PROFILES, seedArgument } from '../run-options.ts'

interface Options {
  readonly out: string
  readonly seed: string
  readonly profile: ProfileName
  readonly set: readonly string[]
  readonly settle: string
  readonly force?: boolean
}

export function addSimulateCommand(trace: Command): void {
  trace
    .command('simulate')
    .description('play a scenario in virtual time, with nobody watching, and write the trace that a real run would')
    .argument('<scenario>', 'name or file of a scenario; or a trace, whose intents go through the controllers')
    .requiredOption('--out <file>', 'the trace; a name that ends in .gz compresses it')
    .option('--seed <n>', 'seed of everything that is drawn', seedArgument, '1')
    .addOption(new Option('--profile <name>', 'size of the run').choices(PROFILES).default('quick'))
    .option('--set <field=value>', 'override any field of the scenario; may be repeated', collect, [])
    .option('--settle <duration>', 'of a trace: how long the controllers go on after its end', '1m')
    .option('--force', 'replace a file that is there')
    .action(async (name: string, options: Options) => {
      process.exitCode = await simulateCommand(name, options)
    })
}

async function simulateCommand(name: string, options: Options): Promise<number> {
  const scenario = resolveScenario(await inputOf(name, options), options)
  const { seed, cluster, plan, durationMs, replay } = scenario
  const path = resolve(options.out)
  const { start: _, ...origin } = runOrigin(scenario, new SystemClock().unixMs())
  const run = await runVirtually({
    seed,
    cluster,
    plan,
    durationMs,
    ...(replay === undefined ? {} : { replay }),
    record: { path, force: options.force ?? false, origin },
  })
  const { scale } = run.header ?? {}
  process.stderr.write(
    `${run.events} events in ${formatDuration(durationMs)} of planned time, at most ${scale?.pods} pods on ${scale?.nodes} nodes; trace hash ${run.traceSha256}\ntrace: ${path}\n`,
  )
  for (const [reason, count] of Object.entries(run.replay?.events.skipped ?? {})) {
    process.stderr.write(`${count} events skipped: ${reason}\n`)
  }
  return ExitCode.ok
}

/** A scenario, or a trace whose intents are to be played through the controllers. */
async function inputOf(name: string, { settle }: Options): Promise<ScenarioInput> {
  if (!/\.jsonl(\.gz)?$/.test(name)) return findScenario(name)
  const { profiles: _, ...scenario } = replayScenario as ScenarioInput
  const trace = { file: name, mode: 'controllers' } as const
  const { durationMs = 0 } = readTraceHeader(resolve(name))
  return { ...scenario, trace, duration: `${durationMs + parseDuration(settle)}ms` }
}
