import { existsSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { makeFolder, Prng } from '../../../base/index.ts'
import type { ChurnEvent } from '../churn-event.ts'
import { TraceError } from '../errors.ts'
import { bytesOf } from '../input-bytes.ts'
import type { TraceOrigin } from '../trace-header.ts'
import { eventFault } from '../trace-shape.ts'
import { refuseExisting, TraceWriter } from '../trace-writer.ts'
import { Conversion, type LeftOut } from './conversion.ts'
import type { Converter, Format, FormatOptions } from './converter.ts'
import { FORMATS } from './converter.ts'
import { detectFormat, HEAD_BYTES } from './detect-format.ts'
import { fromArrivals } from './from-arrivals.ts'
import { fromChurnbench } from './from-churnbench.ts'
import { fromEvents } from './from-events.ts'
import { fromKwok } from './from-kwok.ts'
import { fromOpenb } from './from-openb.ts'
import { fromSimkube } from './from-simkube.ts'
import { peekBytes } from './peeked-bytes.ts'

export interface ConvertOptions extends FormatOptions {
  /** Default: what the content looks like. */
  readonly format?: Format
  /** Of everything that is drawn. */
  readonly seed: string
  /** What cannot be read is left out and counted instead of ending the conversion. */
  readonly lenient?: boolean
  /** An existing output may be replaced. */
  readonly force?: boolean
  /** Who converts, `churnbench 0.1.0`. */
  readonly tool?: string
}

export interface ConversionReport {
  readonly format: Format
  /** Whether the format was found out rather than given. */
  readonly detected: boolean
  readonly input: string
  readonly output: string
  /** What there was in the input: rows, documents, objects. */
  readonly read: Readonly<Record<string, number>>
  readonly written: {
    readonly events: number
    readonly podsCreated: number
    readonly durationMs: number
    readonly sha256: string
    /** By kind and operation, `pod created`. */
    readonly byOp: Readonly<Record<string, number>>
  }
  readonly leftOut: readonly LeftOut[]
  readonly inferred: readonly { readonly what: string; readonly count: number }[]
}

const CONVERTERS: Readonly<Record<Format, Converter>> = {
  churnbench: fromChurnbench,
  simkube: fromSimkube,
  kwok: fromKwok,
  openb: fromOpenb,
  events: fromEvents,
  arrivals: fromArrivals,
}

/** How the command line calls them. */
const FLAGS: Readonly<Record<keyof FormatOptions, string>> = {
  nodesFile: '--nodes-file',
  nodes: '--nodes',
  targets: '--targets',
  perPod: '--per-pod',
  minReplicas: '--min-replicas',
  maxReplicas: '--max-replicas',
  workload: '--workload',
  readyAfterMs: '--ready-after',
  graceMs: '--grace',
}

/**
 * Reads a recording of any known format and writes it as a trace; `-` reads the standard input. The trace appears when it is
 * complete; a conversion that fails leaves nothing behind.
 *
 * @throws TraceError CHURN_TRACE_CONVERT, CHURN_TRACE_FORMAT, CHURN_TRACE_FILE, CHURN_TRACE_OPTIONS
 */
export async function convertTrace(input: string, output: string, options: ConvertOptions): Promise<ConversionReport> {
  refuseExisting(output, options)
  const { head, bytes } = await peekBytes(await bytesOf(input), HEAD_BYTES)
  const name = input === '-' ? 'the standard input' : input
  const format = options.format ?? formatOf(head, name)
  const converter = CONVERTERS[format]
  judgeOptions(format, converter, options)
  const conversion = new Conversion(name, options.lenient ?? false)
  const scratchDir = existingFolder(output)
  const source = converter.events({ input, bytes, conversion, options, prng: new Prng(options.seed), scratchDir })
  const written = await write(source, conversion, output, options, {
    kind: 'converted',
    ...(options.tool === undefined ? {} : { tool: options.tool }),
    details: { format, file: input === '-' ? 'stdin' : basename(input) },
  })
  return { format, detected: options.format === undefined, input: name, output, ...conversion.summary, written }
}

function formatOf(head: Buffer, name: string): Format {
  const format = detectFormat(head)
  if (format !== undefined) return format
  const what = head.length === 0 ? 'is empty' : 'is of no format that is known'
  throw new TraceError(
    'CHURN_TRACE_CONVERT',
    `${name}: ${what}. Known are: ${FORMATS.join(', ')}; say which it is with --format, if it is one of them`,
  )
}

function judgeOptions(format: Format, converter: Converter, options: FormatOptions): void {
  for (const [option, flag] of Object.entries(FLAGS) as [keyof FormatOptions, string][]) {
    if (options[option] === undefined || converter.options.includes(option)) continue
    const taking = FORMATS.filter(other => CONVERTERS[other].options.includes(option))
    throw new TraceError('CHURN_TRACE_OPTIONS', `${flag} is for ${taking.join(' and ')}; the input is ${format}`)
  }
}

/** Where the output will be, on the disk that has room for it. */
function existingFolder(output: string): string {
  const folder = dirname(resolve(output))
  if (!existsSync(folder)) {
    try {
      makeFolder(folder)
    } catch (cause) {
      throw new TraceError('CHURN_TRACE_FILE', `the folder ${folder} cannot be made`, { cause })
    }
  }
  return folder
}

/** The header is known when the first events are. */
async function write(
  source: AsyncGenerator<readonly ChurnEvent[]>,
  conversion: Conversion,
  output: string,
  { force }: ConvertOptions,
  origin: TraceOrigin['source'],
): Promise<ConversionReport['written']> {
  const byOp: Record<string, number> = {}
  let writer: TraceWriter | undefined
  try {
    for await (const batch of source) {
      writer ??= TraceWriter.create(output, headerOf(conversion, origin), { force: force ?? false })
      for (const event of batch) {
        const op = event.kind === 'action' ? 'action' : `${event.kind} ${event.op}`
        // The reader of a trace of our own has judged the shape already.
        const isMisshapen = conversion.origin === undefined ? eventFault(event) : undefined
        const fault = isMisshapen ?? writer.write(event)
        if (fault === undefined) byOp[op] = (byOp[op] ?? 0) + 1
        else if (isMisshapen !== undefined)
          conversion.leaveOut(`${op}: a trace cannot hold it`, `at ${event.t} ms: ${fault}`)
        else conversion.leaveOut(`${op}: cannot have happened after what was before`, `at ${event.t} ms: ${fault}`)
      }
      await writer.drain()
    }
    // A recording that was killed early may be a header and nothing else.
    if (conversion.origin !== undefined)
      writer ??= TraceWriter.create(output, conversion.origin, { force: force ?? false })
    if (writer === undefined || (writer.events === 0 && conversion.origin === undefined))
      throw conversion.error(nothingOf(conversion))
    const { counts, durationMs, sha256 } = await writer.finish(conversion.durationMs)
    const { events, podsCreated } = counts!
    return { events, podsCreated, durationMs: durationMs!, sha256: sha256!, byOp }
  } catch (error) {
    writer?.abort()
    throw error
  }
}

function headerOf({ origin, startUnixMs, targets }: Conversion, source: TraceOrigin['source']): TraceOrigin {
  if (origin !== undefined) return origin
  return { ...(startUnixMs === undefined ? {} : { start: new Date(startUnixMs).toISOString() }), source, targets }
}

function nothingOf({ summary }: Conversion): string {
  const read = Object.entries(summary.read).map(([what, count]) => `${count} ${what}`)
  const [first] = summary.leftOut
  const why = first === undefined ? '' : `; left out: ${first.reason} (${first.count}×, ${first.examples[0] ?? ''})`
  return `nothing in it became an event of a trace; read: ${read.join(', ') || 'nothing'}${why}`
}
