import { formatNumber, oneLine, plural } from '../../reports/index.ts'
import type { Burst, ChurnFigures, Inspection, PhaseFigures } from '../../sim/index.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** A span of milliseconds: `0 ms`, `212 ms`, `4.61 s`, `15.3 min`, `5.2 h`, `149 d`. */
export function span(ms: number): string {
  const digits = (value: number): string => String(Number(value >= 100 ? value.toFixed(0) : value.toPrecision(3)))
  if (ms < 1000) return `${digits(ms)} ms`
  if (ms < 2 * MINUTE_MS) return `${digits(ms / 1000)} s`
  if (ms < 2 * HOUR_MS) return `${digits(ms / MINUTE_MS)} min`
  if (ms < 2 * DAY_MS) return `${digits(ms / HOUR_MS)} h`
  return `${digits(ms / DAY_MS)} d`
}

/** Three significant digits, whole from 100 on. */
export function threeDigits(value: number): string {
  return formatNumber(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
}

/** An instant of the trace: `0:07.350`, `1:02:03`, `3d 04:05:06`; milliseconds only where they are not 0 and it is short. */
export function instantOf(ms: number): string {
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0')
  const rest = ms % 1000
  const fraction = rest === 0 || ms >= HOUR_MS ? '' : `.${String(rest).padStart(3, '0')}`
  const seconds = two((ms / 1000) % 60) + fraction
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)}:${seconds}`
  const clock = `${two((ms / MINUTE_MS) % 60)}:${seconds}`
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)}:${clock}`
  return `${Math.floor(ms / DAY_MS)}d ${two((ms / HOUR_MS) % 24)}:${clock}`
}

/** The fields of an event, the telling ones first: `0:00.020 pod bound shop/cart-1 node=n-3 uid=…`. */
export function eventWords(line: string): string {
  const { t, kind, op, namespace, name, ...rest } = JSON.parse(line) as Readonly<Record<string, string | undefined>>
  const whose = [namespace, name].filter(part => part !== undefined).join('/')
  const fields = Object.entries(rest).map(
    ([field, value]) => `${field}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return oneLine([instantOf(Number(t)), kind, op, whose, ...fields].filter(part => part !== '').join(' '))
}

/** What made it, and from what. */
export function sourceOf({ header }: Inspection): string {
  const { kind, tool, details = {} } = header.source
  const names = { run: 'a run of ours', cluster: 'a cluster', converted: 'converted', generated: 'generated' }
  const told = Object.entries(details).map(([name, value]) => `${name} ${value}`)
  return oneLine([names[kind], ...(tool === undefined ? [] : [`by ${tool}`]), ...told].join(' · '))
}

export function scrubbedOf({ header }: Inspection): string {
  return header.scrubbed === undefined ? 'nothing' : oneLine(header.scrubbed.join(', '))
}

export interface Completeness {
  readonly tone: 'pass' | 'invalid'
  readonly word: string
  readonly sentence: string
}

/** Whether the trace can be relied upon. */
export function completenessOf({ completeness, durationMs }: Inspection): Completeness {
  const { complete, torn, faults } = completeness
  const left =
    faults === 0
      ? ''
      : `${plural(faults, 'line')} that cannot be read or cannot have happened ${faults === 1 ? 'was' : 'were'} left out`
  if (!complete) {
    const where = torn ? 'ends within a line' : 'was not brought to its end'
    const rest = left === '' ? '' : `; ${left}`
    return {
      tone: 'invalid',
      word: 'Cut off',
      sentence: `The recording ${where}: this is what there is until ${instantOf(durationMs)}${rest}.`,
    }
  }
  if (faults > 0)
    return { tone: 'invalid', word: 'Damaged', sentence: `${left.charAt(0).toUpperCase()}${left.slice(1)}.` }
  return {
    tone: 'pass',
    word: 'Complete',
    sentence: 'Read to its end; every event can have happened, and the checksum is right.',
  }
}

export interface PhaseRow {
  readonly name: string
  readonly phase: PhaseFigures
}

/** The phases that the trace says anything about. */
export function phasesOf({ pods, nodes }: Inspection): PhaseRow[] {
  const rows: PhaseRow[] = [
    { name: 'created → bound', phase: pods.schedule },
    { name: 'bound → address', phase: pods.start },
    { name: 'address → ready', phase: pods.ready },
    { name: 'created → ended by itself', phase: pods.run },
    { name: 'created → deleted', phase: pods.lifetime },
    { name: 'terminating → deleted', phase: pods.termination },
    { name: 'node failed → not ready', phase: nodes.detection },
    { name: 'node down → up', phase: nodes.outage },
  ]
  return rows.filter(({ phase }) => phase.ms !== undefined || phase.open + phase.never > 0)
}

/** Of those that are in no quantile. */
export function remainderOf({ open, never, atStart }: PhaseFigures): string {
  return [
    open > 0 && `${formatNumber(open)} not yet at the end`,
    never > 0 && `${formatNumber(never)} never`,
    atStart > 0 && `${formatNumber(atStart)} before the start`,
  ]
    .filter(part => part !== false)
    .join(', ')
}

export function ownerName({ namespace, owner }: Pick<ChurnFigures, 'namespace' | 'owner'>): string {
  return oneLine(owner === undefined ? namespace : `${namespace}/${owner}`)
}

/** A round width: `1 s`, `1 min`. */
export function windowName(ms: number): string {
  return ms >= MINUTE_MS && ms < HOUR_MS && ms % MINUTE_MS === 0 ? `${ms / MINUTE_MS} min` : span(ms)
}

/** How long and how much, and what happened most: `181 events in 4 s: 84 pod bound, 77 pod created`. */
export function burstSize(burst: Burst, windowMs: number): string {
  const { startMs, endMs, events } = burst
  const all = endMs - startMs === windowMs ? '' : `${plural(events, 'event')} in ${windowName(endMs - startMs)}: `
  return all + burstEvents(burst)
}

export function burstEvents({ ops }: Burst): string {
  return ops.map(({ op, events }) => `${formatNumber(events)} ${oneLine(op)}`).join(', ')
}

/** Whose pods they were. */
export function burstOwners({ owners, events }: Burst): string {
  const share = (part: number): string => `${Math.round((100 * part) / events)}%`
  return owners.map(each => `${ownerName(each)} ${share(each.events)}`).join(', ')
}

/** What may have set it off. */
export function burstCauses({ causes, startMs }: Burst): string {
  if (causes.length === 0) return startMs === 0 ? 'the beginning of the trace' : ''
  return causes.map(({ t, what }) => `${oneLine(what)} (${instantOf(t)})`).join('; ')
}

/** What the figures leave out because there was too much of it. */
export function boundsOf({ owners, namespaces, pods }: Inspection): string[] {
  const rest = (what: string, rows: number): string =>
    `${plural(rows, what)} with the fewest pods ${rows === 1 ? 'is' : 'are'} only in the sum: there were more than are told apart`
  return [
    ...(owners.rest === undefined ? [] : [rest('owner', owners.rest.rows)]),
    ...(namespaces.rest === undefined ? [] : [rest('namespace', namespaces.rest.rows)]),
    ...(pods.addresses.forgotten === 0
      ? []
      : [
          `${formatNumber(pods.addresses.forgotten)} addresses that had been free for longest were forgotten: some reuse is not counted`,
        ]),
  ]
}
