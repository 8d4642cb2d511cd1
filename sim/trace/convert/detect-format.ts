import type { Format } from './converter.ts'

/** How much of the input tells its format. */
export const HEAD_BYTES = 64 * 1024

/** What the first bytes look like, or `undefined`. */
export function detectFormat(head: Buffer): Format | undefined {
  if (isMsgpackMap(head)) return 'simkube'
  const text = head
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (text.startsWith('{') || text.startsWith('[')) return jsonFormat(text)
  if (/^(---[ \t]*\r?\n)?(#.*\r?\n)*\s*(apiVersion|kind|metadata): /.test(text)) return 'kwok'
  return csvFormat(text.split(/\r?\n/, 1)[0]!)
}

/** A map of few entries (or, before SimKube's version 2, an array of four) whose first key or element is short. */
function isMsgpackMap(head: Buffer): boolean {
  const first = head[0] ?? 0
  if (first === 0xde || first === 0xdf || first === 0x94) return true
  return first >= 0x81 && first <= 0x8f
}

function jsonFormat(text: string): Format | undefined {
  const firstLine = text.split('\n', 1)[0]!
  if (/^\{\s*"trace"\s*:\s*"churnbench"/.test(firstLine)) return 'churnbench'
  // Hand-edited headers may have their keys in another order.
  if (/"trace"\s*:\s*"churnbench"/.test(firstLine)) return 'churnbench'
  if (/"(involvedObject|regarding)"\s*:|"kind"\s*:\s*"(Event|EventList)"/.test(text)) return 'events'
  // A list without items says nothing of what it would hold.
  return /"items"\s*:\s*\[\s*\]/.test(text) ? 'events' : undefined
}

function csvFormat(header: string): Format | undefined {
  const names = header.split(',').map(name => name.trim().replaceAll('"', '').toLowerCase())
  if (names.includes('pod_phase') && names.includes('creation_time')) return 'openb'
  return isTimeColumn(names[0]!) ? 'arrivals' : undefined
}

export function isTimeColumn(name: string): boolean {
  return ['timestamp', 'time', 'ts', 'date', 'datetime', 'arrival_timestamp', 'start_timestamp'].includes(
    name.toLowerCase(),
  )
}
