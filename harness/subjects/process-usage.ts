import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { ResourceUsage } from './subject.ts'

let ticksPerSecond: number | undefined

/**
 * CPU time and memory of a process from /proc, threads included, children not. Two small reads, some 50 µs.
 *
 * CPU time comes in the kernel's clock ticks (10 ms mostly). `undefined` when the process has ended, is a zombie, or
 * where there is no /proc.
 */
export function processUsage(pid: number): ResourceUsage | undefined {
  try {
    return parseUsage(
      readFileSync(`/proc/${pid}/stat`, 'latin1'),
      readFileSync(`/proc/${pid}/status`, 'latin1'),
      clockTicksPerSecond(),
    )
  } catch {
    return undefined
  }
}

/** @param stat `/proc/<pid>/stat`: `pid (name) state ppid …`; the name may hold spaces and parentheses. */
export function parseUsage(stat: string, status: string, ticksPerSecond: number): ResourceUsage | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // Fields 14 and 15 of proc(5), counted from the third, `state`.
  const ticks = Number(fields[11]) + Number(fields[12])
  const rssKiB = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  const rssPeakKiB = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
  if (!Number.isFinite(ticks) || rssKiB === undefined || rssPeakKiB === undefined) return undefined
  return {
    cpuSeconds: ticks / ticksPerSecond,
    rssBytes: Number(rssKiB) * 1024,
    rssPeakBytes: Number(rssPeakKiB) * 1024,
  }
}

function clockTicksPerSecond(): number {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  return ticksPerSecond
}
