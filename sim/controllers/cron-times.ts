import type { CronJob } from 'kubernetes-types/batch/v1.js'
import type { Stored } from '../cluster/index.ts'
import type { CronSchedule } from './cron-schedule.ts'

/** More missed starts than this are worth a warning. */
const MISSED_MAX = 100

/** Where a cron job stands between its starts. Unix milliseconds. */
export interface CronTimes {
  /** The last start that is due and not made, if there is one. */
  readonly dueMs: number | undefined
  /** What the search for the next start begins from. */
  readonly afterMs: number
  readonly missed: 'few' | 'many' | 'none'
}

/**
 * The most recent start up to now, since the last one that was made or since the cron job was created. Many missed starts
 * are not walked through one by one: their number is reckoned from the first two.
 *
 * @param heedDeadline leaves out what `startingDeadlineSeconds` rules out.
 * @throws Error when the schedule has no two starts that follow each other.
 */
export function recentStart(
  { metadata, spec, status }: Stored<CronJob>,
  nowMs: number,
  schedule: CronSchedule,
  heedDeadline: boolean,
): CronTimes {
  let afterMs = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp)
  const deadlineS = spec?.startingDeadlineSeconds
  if (heedDeadline && deadlineS !== undefined) afterMs = Math.max(afterMs, nowMs - deadlineS * 1000)
  const first = schedule.next(afterMs)
  const second = first === undefined ? undefined : schedule.next(first)
  if (first === undefined || second === undefined) {
    throw new Error('time difference between two schedules is less than 1 second')
  }
  if (nowMs < first) return { dueMs: undefined, afterMs, missed: 'none' }
  if (nowMs < second) return { dueMs: first, afterMs, missed: 'none' }
  const periodMs = second - first
  const missed = Math.floor((nowMs - first) / periodMs) + 1
  let dueMs: number | undefined
  let next = schedule.next(first + (missed - 2) * periodMs)
  for (; next !== undefined && next <= nowMs; next = schedule.next(next)) dueMs = next
  return { dueMs, afterMs, missed: missed > MISSED_MAX ? 'many' : 'few' }
}

/** When the cron job is to be looked at again: at the next start after the most recent one. */
export function nextStartMs(cronJob: Stored<CronJob>, nowMs: number, schedule: CronSchedule): number | undefined {
  const { dueMs, afterMs, missed } = recentStart(cronJob, nowMs, schedule, false)
  return schedule.next(dueMs ?? (missed === 'none' ? afterMs : nowMs))
}
