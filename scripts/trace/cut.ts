import type { Command } from 'commander'
import { ExitCode, formatDuration, parseDuration, toolName } from '../../base/index.ts'
import { cutTrace } from '../../sim/trace/index.ts'
import { collect, numberArgument } from '../run-options.ts'

interface Options {
  readonly out: string
  readonly from?: number
  readonly to?: number
  readonly only: readonly string[]
  readonly scale: number
  readonly lenient?: boolean
  readonly force?: boolean
}

export function addCutCommand(trace: Command): void {
  trace
    .command('cut')
    .description('write a part of a trace, or several copies of it side by side, as a trace of its own')
    .argument('<trace>', 'the trace; - for standard input')
    .requiredOption('--out <file>', 'the new trace; a name that ends in .gz compresses it')
    .option('--from <duration>', 'begin here, with what there is then', parseDuration)
    .option('--to <duration>', 'end before this time of the trace', parseDuration)
    .option(
      '--only <key=value>',
      'only what has this namespace, name, owner, type or label; may be repeated',
      collect,
      [],
    )
    .option('--scale <n>', 'so many clusters like this one side by side', numberArgument(1, 100), 1)
    .option('--lenient', 'leave out what cannot be read, and count it')
    .option('--force', 'replace a file that is there')
    .action(async (path: string, options: Options) => {
      process.exitCode = await cutCommand(path, options)
    })
}

async function cutCommand(path: string, { out, from, to, only, scale, lenient, force }: Options): Promise<number> {
  const cut = {
    only,
    scale,
    ...(from === undefined ? {} : { fromMs: from }),
    ...(to === undefined ? {} : { toMs: to }),
  }
  const { header, leftOut, faults } = await cutTrace(path, out, cut, {
    tool: toolName(),
    lenient: lenient ?? false,
    force: force ?? false,
  })
  const { counts, durationMs = 0 } = header
  const parts = [`${out}: ${counts?.events} events over ${formatDuration(durationMs)}`]
  if (leftOut > 0) parts.push(`${leftOut} not selected`)
  if (faults.count > 0) parts.push(`${faults.count} faulty lines left out, the first: ${faults.examples[0]}`)
  process.stderr.write(`${parts.join('; ')}\n`)
  return ExitCode.ok
}
