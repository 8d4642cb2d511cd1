import { statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { makeFolder, parseDuration } from '../../base/index.ts'
import { renderInspectHtml, renderInspectText, type TraceFile } from '../../harness/index.ts'
import { inspectTrace, TraceError, TraceReader } from '../../sim/index.ts'
import { numberArgument, terminalOptions } from '../run-options.ts'

interface Options {
  readonly html?: string
  readonly json?: true
  readonly lenient?: true
  readonly window?: number
  readonly top: number
}

export function addInspectCommand(trace: Command): void {
  trace
    .command('inspect')
    .description('tell what a trace holds: totals, rates, bursts, churn, lifetimes, what was there at once')
    .argument('<trace>', 'a trace (.jsonl, .jsonl.gz), or - for the standard input')
    .option('--html <file>', 'write it as a page with charts, too')
    .option('--json', 'all figures and time lines on stdout, everything else on stderr')
    .option('--lenient', 'leave out what cannot be read, and count it')
    .option(
      '--window <duration>',
      'width of the windows of rates and bursts (default: that of a bin, at least 1s)',
      windowArgument,
    )
    .option('--top <n>', 'rows of the tables, and bursts', numberArgument(1, 1000), 10)
    .action((path: string, options: Options) => inspectCommand(path, options))
}

async function inspectCommand(path: string, options: Options): Promise<void> {
  const reader = await TraceReader.open(path, { lenient: options.lenient ?? false })
  const inspection = await inspectTrace(reader, {
    bursts: options.top,
    ...(options.window === undefined ? {} : { windowMs: options.window }),
  })
  const file: TraceFile = path === '-' ? { name: 'standard input' } : { name: path, bytes: statSync(path).size }
  if (options.html !== undefined) writePage(options.html, renderInspectHtml(inspection, file, options))
  const out = options.json === true ? process.stderr : process.stdout
  out.write(renderInspectText(inspection, file, { ...terminalOptions(out), top: options.top }))
  if (options.json === true) process.stdout.write(`${JSON.stringify(inspection)}\n`)
}

function writePage(path: string, page: string): void {
  try {
    makeFolder(dirname(path))
    writeFileSync(path, page)
  } catch (cause) {
    throw new TraceError('CHURN_TRACE_FILE', `the page ${path} cannot be written; name another file with --html`, {
      cause,
    })
  }
  process.stderr.write(`page: ${path}\n`)
}

function windowArgument(text: string): number {
  const ms = parseDuration(text)
  if (!Number.isInteger(ms) || ms < 1) throw new InvalidArgumentError('give a duration of at least 1ms')
  return ms
}
