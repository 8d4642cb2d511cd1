import { readFileSync } from 'node:fs'
import type { HostConditions, Warning } from '../reports/index.ts'

/** Share of CPU time taken by the hypervisor above which a figure deserves a word. */
const STEAL_RATIO_MAX = 0.01
/** Share of CPU time taken by processes that have nothing to do with the run, likewise. */
const OTHERS_RATIO_MAX = 0.1

/** What the kernel had counted at one instant; fields are absent where it does not tell. */
export interface HostCounters {
  /** All CPUs, in clock ticks since boot. */
  readonly cpu?: { readonly count: number; readonly busy: number; readonly steal: number; readonly total: number }
  /** Periods in which our control group had used up its quota. */
  readonly throttledPeriods?: number
}

export function readHostCounters(): HostCounters {
  const cpu = parseCpuTicks(read('/proc/stat'))
  const throttled = parseThrottled(read('/sys/fs/cgroup/cpu.stat') ?? read('/sys/fs/cgroup/cpu/cpu.stat'))
  return {
    ...(cpu === undefined ? {} : { cpu }),
    ...(throttled === undefined ? {} : { throttledPeriods: throttled }),
  }
}

/**
 * The first line of /proc/stat: `cpu user nice system idle iowait irq softirq steal guest guest_nice`. Guest time is in
 * user time already.
 */
export function parseCpuTicks(stat: string | undefined): HostCounters['cpu'] {
  const fields = /^cpu +(.*)$/m
    .exec(stat ?? '')?.[1]
    ?.split(' ')
    .map(Number)
  if (fields === undefined || fields.length < 7 || fields.some(Number.isNaN)) return undefined
  const count = stat!.match(/^cpu\d+ /gm)?.length ?? 1
  const [user, nice, system, idle, iowait, irq, softirq, steal = 0] = fields as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number?,
  ]
  const busy = user + nice + system + irq + softirq
  return { count, busy, steal, total: busy + steal + idle + iowait }
}

export function parseThrottled(cpuStat: string | undefined): number | undefined {
  const text = /^nr_throttled (\d+)$/m.exec(cpuStat ?? '')?.[1]
  return text === undefined ? undefined : Number(text)
}

/**
 * What the machine did between two instants.
 *
 * @param ownCpuSeconds CPU time that the harness and the subject used meanwhile
 * @param seconds between the two
 */
export function hostConditions(
  before: HostCounters,
  after: HostCounters,
  ownCpuSeconds: number | undefined,
  seconds: number,
): HostConditions {
  const total = (after.cpu?.total ?? 0) - (before.cpu?.total ?? 0)
  const known = total > 0 && before.cpu !== undefined && after.cpu !== undefined
  const capacity = seconds * (after.cpu?.count ?? 0)
  const throttled =
    before.throttledPeriods === undefined || after.throttledPeriods === undefined
      ? undefined
      : after.throttledPeriods - before.throttledPeriods
  return {
    ...(known ? { stealRatio: round((after.cpu.steal - before.cpu.steal) / total) } : {}),
    ...(known && ownCpuSeconds !== undefined && capacity > 0
      ? { othersRatio: round(Math.max(0, (after.cpu.busy - before.cpu.busy) / total - ownCpuSeconds / capacity)) }
      : {}),
    ...(throttled === undefined ? {} : { throttledPeriods: throttled }),
  }
}

export function hostWarnings({ stealRatio = 0, othersRatio = 0 }: HostConditions): Warning[] {
  const warnings: Warning[] = []
  if (stealRatio > STEAL_RATIO_MAX) {
    warnings.push({ code: 'steal', message: `the hypervisor took ${percent(stealRatio)} of the CPU time for others` })
  }
  if (othersRatio > OTHERS_RATIO_MAX) {
    warnings.push({
      code: 'busy-machine',
      message: `programs that have nothing to do with the run used ${percent(othersRatio)} of the CPU time`,
    })
  }
  return warnings
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(0)} %`
}

function round(ratio: number): number {
  return Math.round(ratio * 1e4) / 1e4
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not on Linux, or another layout of control groups.
    return undefined
  }
}
