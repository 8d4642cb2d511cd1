import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type ConversionReport, type ConvertOptions, convertTrace } from '../../../../sim/trace/convert/convert.ts'
import { type ChurnEvent, type TraceHeader, TraceReader } from '../../../../sim/trace/index.ts'

/** For the files of a test. */
export const dir = mkdtempSync(join(tmpdir(), 'churnbench-convert-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

let made = 0

/** Writes a file of its own and returns its path. */
export function file(content: string | Uint8Array, name = 'input'): string {
  const path = join(dir, `${made++}-${name}`)
  writeFileSync(path, content)
  return path
}

export interface Converted {
  readonly report: ConversionReport
  readonly header: TraceHeader
  readonly events: ChurnEvent[]
  readonly output: string
}

/** Converts, and reads the trace that comes out as its users do, strictly. */
export async function convert(input: string, options: Partial<ConvertOptions> = {}): Promise<Converted> {
  const output = join(dir, `${made++}.jsonl`)
  const report = await convertTrace(input, output, { seed: '1', ...options })
  const reader = await TraceReader.open(output)
  const events: ChurnEvent[] = []
  for await (const batch of reader.batches()) events.push(...batch)
  return { report, header: reader.header, events, output }
}

/** `12 pod ready shop/cart-0 n-0` and the like: events short enough to be compared by eye. */
export function brief(events: readonly ChurnEvent[]): string[] {
  return events.map(event => {
    const { t, kind, op, name, node, replicas, restarts } = event as ChurnEvent &
      Record<string, string | number | undefined>
    return [t, kind, op, name, node, replicas, restarts].filter(part => part !== undefined).join(' ')
  })
}

export function leftOut(report: ConversionReport): Record<string, number> {
  return Object.fromEntries(report.leftOut.map(({ reason, count }) => [reason, count]))
}
