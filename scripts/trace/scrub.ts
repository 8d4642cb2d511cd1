import { existsSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { TraceError } from '../../sim/trace/index.ts'
import { KEEPABLE, keyOfFile, parseKeep, randomKey, type ScrubResult, scrubTrace } from '../../sim/trace/scrub/index.ts'

interface Options {
  readonly out: string
  readonly keyFile?: string
  readonly keep: readonly string[]
  readonly report?: string
  readonly force?: boolean
  readonly lenient?: boolean
  readonly json?: boolean
}

const HELP = `
Without --key-file the pseudonyms come from a key that nobody has afterwards. Times, durations, counts, port numbers and how
objects belong together stay as they are; the report names all else that was kept: read it before you publish the trace.`

/** What no list can show, since it is everywhere in a trace that can be replayed. */
const VISIBLE = [
  'times since the start, and so durations and rates',
  'numbers: of replicas, restarts, seconds of grace, and how Deployments roll',
  'which objects belong together, and which texts are equal',
]

export function addScrubCommand(trace: Command): void {
  trace
    .command('scrub')
    .description('replace names, labels, images and addresses by pseudonyms: a trace that can be published')
    .argument('<trace>', 'the trace; - is the standard input')
    .requiredOption('--out <file>', 'the trace without them; a name that ends in .gz makes it a compressed one')
    .option('--key-file <file>', 'the same pseudonyms for all traces with this key; made when it is not there')
    .option(
      '--keep <field>',
      `show it; may be repeated: ${KEEPABLE.join(', ')}, labels:KEY (with its values)`,
      (field: string, before: readonly string[]) => [...before, field],
      [],
    )
    .option('--report <file>', 'what was kept and replaced, as JSON')
    .option('--force', 'replace files that are there')
    .option('--lenient', 'leave out lines that cannot be read, and count them')
    .option('--json', 'the report on stdout, everything else on stderr')
    .addHelpText('after', HELP)
    .action(scrubCommand)
}

async function scrubCommand(path: string, options: Options): Promise<void> {
  const keep = parseKeep(options.keep)
  if (options.report !== undefined && options.force !== true && existsSync(options.report)) {
    throw new TraceError('CHURN_TRACE_FILE', `${options.report} is there already; name another file, or say --force`)
  }
  const { key, notice } = options.keyFile === undefined ? randomKey() : keyOfFile(options.keyFile)
  if (notice !== undefined) process.stderr.write(`${notice}\n`)
  // Most of the simulation comes with these two: not for who only asks for help.
  const { ACTIONS, PROFILE_NAMES } = await import('../../sim/index.ts')
  const result = await scrubTrace(path, options.out, {
    key,
    keep,
    actions: ACTIONS,
    profiles: PROFILE_NAMES.map(profile => profile.name),
    ...(options.force === undefined ? {} : { force: options.force }),
    ...(options.lenient === undefined ? {} : { lenient: options.lenient }),
  })
  const report = { trace: options.out, events: result.header.counts?.events, visible: VISIBLE, ...result.report }
  const json = `${JSON.stringify(report, null, 2)}\n`
  if (options.report !== undefined) writeReport(options.report, json)
  if (options.json === true) process.stdout.write(json)
  process.stderr.write(renderReport(path, options.out, result))
}

function writeReport(path: string, json: string): void {
  try {
    writeFileSync(path, json)
  } catch (cause) {
    throw new TraceError('CHURN_TRACE_FILE', `the report ${path} cannot be written`, { cause })
  }
}

function renderReport(path: string, out: string, { header, report, faults, wasComplete }: ScrubResult): string {
  const lines = [`${path} → ${out}: ${header.counts?.events} events; read again, and no original text is left in it`]
  if (!wasComplete) lines.push('the trace was never completed: what there is up to its last whole line is scrubbed')
  if (faults.count > 0) lines.push(`${faults.count} faulty lines were left out; the first: ${faults.examples[0]}`)
  lines.push('', 'replaced by pseudonyms (different ones)', ...report.replaced.map(row))
  lines.push('', 'kept: read this before you publish the trace', ...report.kept.map(row))
  lines.push('', 'visible in any trace that can be replayed', ...VISIBLE.map(line => `  ${line}`))
  return `${lines.join('\n')}\n`
}

interface Row {
  readonly field: string
  readonly distinct: number
  readonly examples?: readonly string[]
}

function row({ field, distinct, examples = [] }: Row): string {
  const more = distinct > examples.length && examples.length > 0 ? ', …' : ''
  return `  ${field.padEnd(20)}${String(distinct).padStart(8)}  ${examples.join(', ')}${more}`.trimEnd()
}
