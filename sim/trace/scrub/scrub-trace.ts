import { existsSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { assert } from '../../../base/index.ts'
import { TraceError } from '../errors.ts'
import type { TraceHeader, TraceOrigin, TraceSource } from '../trace-header.ts'
import { type TraceFaults, TraceReader } from '../trace-reader.ts'
import { TraceWriter } from '../trace-writer.ts'
import { EventScrubber, type EventScrubberOptions } from './event-scrubber.ts'
import type { Keep, KeptName } from './keep.ts'
import { LeakScan } from './leak-scan.ts'
import { ScrubLedger, type ScrubReport } from './scrub-ledger.ts'

export interface ScrubOptions extends EventScrubberOptions {
  /** Secret of the pseudonyms. */
  readonly key: Uint8Array
  /** An existing file may be replaced. */
  readonly force?: boolean
  /** Faulty lines are left out. */
  readonly lenient?: boolean
}

export interface ScrubResult {
  /** Of the trace that was written. */
  readonly header: TraceHeader
  readonly report: ScrubReport
  /** What a lenient reading left out. */
  readonly faults: TraceFaults
  /** Whether the original was brought to its end by whoever wrote it. */
  readonly wasComplete: boolean
}

/** Classes of what is replaced, and what `--keep` says of each. */
const SCRUBBED: readonly (readonly [string, KeptName | undefined])[] = [
  ['start', 'start'],
  ['details', undefined],
  ['namespaces', 'namespaces'],
  ['nodes', 'nodes'],
  ['zones', 'zones'],
  ['workloads', 'workloads'],
  ['services', 'services'],
  ['pods', 'pods'],
  ['containers', 'containers'],
  ['ports', 'ports'],
  ['labels', undefined],
  ['annotations', 'annotations'],
  ['images', 'images'],
  ['addresses', 'addresses'],
  ['uids', 'uids'],
  ['reasons', 'reasons'],
  ['kinds', 'kinds'],
  ['actions', undefined],
]

/**
 * Writes a trace without what tells whose cluster it was, then reads it again and looks for leaks; only a trace without any
 * gets its name.
 *
 * Memory: living objects, caches of fixed size, some 17 to 34 bytes for each different text and pseudonym, 64 MiB for
 * addresses.
 *
 * @param path `-` is the standard input.
 * @throws TraceError CHURN_TRACE_FILE, CHURN_TRACE_FORMAT; asserts that nothing leaks.
 */
export async function scrubTrace(path: string, out: string, options: ScrubOptions): Promise<ScrubResult> {
  if (options.force !== true && existsSync(out)) {
    throw new TraceError('CHURN_TRACE_FILE', `${out} is there already; name another file, or say --force`)
  }
  const reader = await TraceReader.open(path, { lenient: options.lenient ?? false })
  const ledger = new ScrubLedger()
  const scrubber = new EventScrubber(options.key, ledger, options)
  const unchecked = join(dirname(out), `unchecked-${process.pid}-${basename(out)}`)
  try {
    const header = await writeScrubbed(reader, unchecked, scrubber, originOf(reader.header, options.keep, ledger))
    await checkScrubbed(unchecked, header, new LeakScan(ledger, scrubber.pseudonyms, scrubber.addresses))
    rename(unchecked, out)
    return { header, report: ledger.report(), faults: reader.faults, wasComplete: reader.isComplete && !reader.isTorn }
  } catch (error) {
    rmSync(unchecked, { force: true })
    throw error
  } finally {
    await reader.close()
  }
}

async function writeScrubbed(
  reader: TraceReader,
  path: string,
  scrubber: EventScrubber,
  origin: TraceOrigin,
): Promise<TraceHeader> {
  const writer = TraceWriter.create(path, origin)
  try {
    for await (const batch of reader.batches()) {
      for (const event of batch) {
        const fault = writer.write(scrubber.scrub(event))
        assert(fault === undefined, () => `what could happen cannot happen any more once it is scrubbed: ${fault}`)
      }
      await writer.drain()
    }
    return await writer.finish(reader.header.durationMs)
  } finally {
    writer.abort()
  }
}

/** Reads what was written as anybody will, strictly. Asserts that there is no leak. */
async function checkScrubbed(path: string, written: TraceHeader, scan: LeakScan): Promise<void> {
  const reader = await TraceReader.open(path)
  let line = 1
  for await (const batch of reader.batches()) {
    for (const event of batch) {
      line++
      const leak = scan.leakOf(event)
      assert(leak === undefined, () => {
        const what = leak!.original === undefined ? 'is no pseudonym' : `has the original "${leak!.original}" in it`
        return `the scrubbed trace leaks, and is not written: line ${line}: ${leak!.field}: "${leak!.text}" ${what}`
      })
    }
  }
  assert(reader.events === written.counts?.events, 'all that was written is there')
}

function originOf(
  { start, source, targets, scrubbed = [] }: TraceHeader,
  keep: Keep,
  ledger: ScrubLedger,
): TraceOrigin {
  const isKept = (name: KeptName | undefined): boolean => name !== undefined && keep.names.has(name)
  const now = SCRUBBED.filter(([, name]) => !isKept(name)).map(([cls]) => cls)
  return {
    ...(start !== undefined && isKept('start') ? { start: ledger.keep('start', start) } : {}),
    source: plainSource(source, ledger),
    targets,
    scrubbed: [...new Set([...now, ...scrubbed.filter(cls => SCRUBBED.some(([known]) => known === cls))])],
  }
}

/** What wrote the trace and in which format it was: words of ours. Contexts, files, scenarios and seeds go. */
function plainSource({ kind, tool, details = {} }: TraceSource, ledger: ScrubLedger): TraceSource {
  const plain = Object.entries(details).filter(
    ([key, value]) => (key === 'format' || key === 'kind') && /^[a-z][a-z-]{0,30}$/.test(value),
  )
  for (const [, value] of plain) ledger.keep('source', value)
  return {
    kind,
    ...(tool !== undefined && /^churnbench \d+\.\d+\.\d+$/.test(tool) ? { tool: ledger.keep('source', tool) } : {}),
    ...(plain.length === 0 ? {} : { details: Object.fromEntries(plain) }),
  }
}

function rename(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (cause) {
    throw new TraceError('CHURN_TRACE_FILE', `the trace ${to} cannot be completed`, { cause })
  }
}
