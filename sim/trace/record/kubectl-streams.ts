import { closeSync, createReadStream, fstatSync, open } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { describeError } from '../../../base/index.ts'
import type { Stored } from '../../cluster/index.ts'
import { TraceError } from '../errors.ts'
import { JsonValueSplitter } from './json-values.ts'
import { kubectlEvents } from './kubectl-event.ts'
import type { ChangeType } from './object-tracker.ts'

/** A stream that can be read: a file, a pipe, the standard input. */
export interface KubectlSource {
  /** As the user named it. */
  readonly name: string
  /** A file on a disk, which was there before. */
  readonly isSaved: boolean
  readonly bytes: Readable
}

export interface KubectlReading {
  /** What a lenient reading leaves out is counted; otherwise the first fault ends it. */
  readonly lenient: boolean
  /** @throws when the object is not what its kind should be. */
  readonly take: (type: ChangeType, kind: string, object: Stored) => void
  /** After what came at once: resolves when more may come. */
  readonly drain: () => Promise<void>
}

/** What was in the streams. */
export class KubectlCounts {
  /** Watch events, or objects. */
  events = 0
  /** Of them, objects that came without a watch event. */
  plain = 0
  faults = 0
  /** The first faults, each a sentence. */
  readonly examples: string[] = []
  /** How many there were of each kind that a trace has no events for. */
  readonly foreign = new Map<string, number>()
}

/** Objects are at most some 1.5 MB in etcd; pretty-printed they are longer. */
const VALUE_BYTES_MAX = 16 * 1024 * 1024
const EXAMPLES_MAX = 20

const openFile = promisify(open)

/** @throws TraceError CHURN_TRACE_RECORD */
export async function openKubectlSource(path: string): Promise<KubectlSource> {
  if (path === '-') return { name: 'the standard input', isSaved: false, bytes: process.stdin }
  let fd: number | undefined
  try {
    fd = await openFile(path, 'r')
    const stats = fstatSync(fd)
    if (stats.isDirectory()) throw new Error('is a folder')
    // A read of a quiet pipe would keep one of the few threads that files are written by.
    const bytes = stats.isFIFO()
      ? new Socket({ fd, readable: true, writable: false })
      : createReadStream(path, { fd, highWaterMark: 256 * 1024 })
    return { name: path, isSaved: stats.isFile(), bytes }
  } catch (cause) {
    if (fd !== undefined) closeSync(fd)
    const hint = /^\/(dev|proc\/self)\/fd\//.test(path)
      ? '; npm does not hand on what <(…) opens: run "node scripts/run.mjs record …", or use named pipes (mkfifo)'
      : ''
    throw new TraceError('CHURN_TRACE_RECORD', `the stream ${path} cannot be read${hint}`, { cause })
  }
}

/**
 * Reads one stream to its end.
 *
 * @throws TraceError CHURN_TRACE_RECORD, with the number of the object and the byte where it begins.
 */
export async function readKubectl(
  { name, bytes }: KubectlSource,
  counts: KubectlCounts,
  { lenient, take, drain }: KubectlReading,
): Promise<void> {
  const splitter = new JsonValueSplitter(VALUE_BYTES_MAX)
  let index = 0
  const onFault = (offset: number, fault: string): void => {
    const sentence = `${name}: object ${index} at byte ${offset} ${fault}`
    if (!lenient) {
      throw new TraceError(
        'CHURN_TRACE_RECORD',
        `${sentence}; what came before is recorded (--lenient leaves such objects out, and counts them)`,
      )
    }
    counts.faults++
    if (counts.examples.length < EXAMPLES_MAX) counts.examples.push(sentence)
  }
  const judge = (offset: number, text: string): void => {
    for (const event of kubectlEvents(JSON.parse(text))) {
      if (event.is === 'nothing') continue
      counts.events++
      if (event.is === 'change' && event.isPlain) counts.plain++
      if (event.is === 'foreign') counts.foreign.set(event.kind, (counts.foreign.get(event.kind) ?? 0) + 1)
      else if (event.is === 'fault') onFault(offset, event.fault)
      else take(event.type, event.kind, event.object)
    }
  }
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    if (index === 0) refuseForeign(name, chunk)
    for (const { offset, text, fault } of splitter.push(chunk)) {
      index++
      if (fault !== undefined) {
        onFault(offset, fault)
        continue
      }
      try {
        judge(offset, text)
      } catch (error) {
        if (error instanceof TraceError) throw error
        onFault(offset, `is not what it should be: ${describeError(error)}`)
      }
    }
    await drain()
  }
  const tail = splitter.end()
  index++
  if (tail !== undefined) onFault(tail.offset, tail.fault!)
}

/** What shells and archives make of JSON. @throws TraceError CHURN_TRACE_RECORD */
function refuseForeign(name: string, chunk: Buffer): void {
  const [first, second] = chunk
  const hint =
    first === 0x1f && second === 0x8b
      ? 'is compressed with gzip: give it as --from-kubectl <(zcat FILE)'
      : (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
        ? 'is UTF-16, as PowerShell writes files: convert it with iconv -f UTF-16 -t UTF-8'
        : undefined
  if (hint !== undefined) throw new TraceError('CHURN_TRACE_RECORD', `${name} ${hint}`)
}
