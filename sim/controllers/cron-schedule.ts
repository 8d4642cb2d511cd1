import { Cron } from 'croner'
import { parseDuration } from '../../base/index.ts'
import { TimeZone } from './time-zone.ts'

/** When a schedule says that something happens. Unix milliseconds, whole seconds. */
export interface CronSchedule {
  /** The first time after `afterMs`; `undefined` when there is none, as for the 31st of February. */
  next(afterMs: number): number | undefined
}

const EVERY = '@every '
/** What `croner` reads and Kubernetes does not. */
const FOREIGN = /[LW#+]/

/**
 * Reads a schedule as Kubernetes does: five fields, or `@hourly`, `@every 90m` and their like.
 *
 * A time of day is every instant at which clocks in the zone show it, as in Kubernetes: at the end of summer time what is
 * due in the doubled hour happens twice, and at its beginning what is due in the missing hour does not happen.
 *
 * @param timeZone an IANA name; UTC when absent, as on any controller manager.
 * @throws Error with a sentence about what is wrong with the schedule; RangeError for an unknown zone.
 */
export function parseCronSchedule(schedule: string, timeZone: string | undefined): CronSchedule {
  const zone = timeZone === undefined ? undefined : new TimeZone(timeZone)
  if (schedule.startsWith(EVERY)) return everySo(parseDuration(schedule.slice(EVERY.length)))
  const text = normalised(schedule)
  const cron = new Cron(text, { paused: true, mode: '5-part', timezone: 'UTC' })
  if (zone === undefined) return { next: afterMs => cron.nextRun(new Date(afterMs))?.getTime() }
  return { next: afterMs => nextInZone(cron, zone, afterMs) }
}

/** Every so many milliseconds, in whole seconds and at least one. */
function everySo(delayMs: number): CronSchedule {
  const periodMs = Math.max(1000, Math.floor(delayMs / 1000) * 1000)
  return { next: afterMs => Math.floor(afterMs / 1000) * 1000 + periodMs }
}

/** In the words of `croner`, where they differ: `?` is `*`, and `5/15` means `5-59/15` there only with its upper bound. */
function normalised(schedule: string): string {
  if (schedule.startsWith('@')) return schedule
  const fields = schedule.trim().split(/\s+/)
  if (fields.length !== 5) throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)
  const last = [59, 23, 31, 12, 6]
  return fields
    .map((field, i) => {
      if (FOREIGN.test(field.replace(/[A-Za-z]{3}/g, ''))) throw new Error(`failed to parse int from ${field}`)
      return field.replaceAll('?', '*').replace(/(^|,)(\d+)\//g, `$1$2-${last[i]}/`)
    })
    .join(' ')
}

/**
 * Reckons with clocks on the wall while their offset stays the same, and begins anew at each of its changes on the way.
 */
function nextInZone(cron: Cron, zone: TimeZone, afterMs: number): number | undefined {
  let fromMs = afterMs
  for (;;) {
    const offsetMs = zone.offsetMs(fromMs + 1)
    const wall = cron.nextRun(new Date(fromMs + offsetMs))
    if (wall === null) return undefined
    const candidateMs = wall.getTime() - offsetMs
    const changeMs = zone.nextChangeMs(fromMs + 1, candidateMs)
    if (changeMs === undefined) return candidateMs
    fromMs = changeMs - 1
  }
}
