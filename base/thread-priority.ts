import { execFileSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { availableParallelism, setPriority } from 'node:os'

/** How a thread is scheduled: before everything else (SCHED_RR), with a better nice value, or like everything else. */
export type ThreadPriority = 'realtime' | 'raised' | 'normal'

/** Half of the way to the highest. */
const RAISED_NICE = -10

/**
 * Lets this thread go before the others of the machine, as far as the system allows that (root, CAP_SYS_NICE).
 *
 * For threads that stand for what is elsewhere in reality, and make things happen at planned instants: with fewer cores
 * than busy threads they would be made to wait for whole time slices, and the run would measure that. A nice value weighs
 * less than it seems, since Linux first divides the CPU among sessions (autogroups) and a subject has one of its own.
 */
export function raiseThreadPriority(): ThreadPriority {
  // Alone on a core, it would not let anybody else run.
  if (availableParallelism() < 2) return 'normal'
  const thread = ownThread()
  if (thread === undefined) return 'normal'
  if (makeRealtime(thread)) return 'realtime'
  try {
    setPriority(thread, RAISED_NICE)
    return 'raised'
  } catch {
    // Not allowed.
    return 'normal'
  }
}

/** The kernel's number of this thread; `undefined` where it has none that a process can learn. */
function ownThread(): number | undefined {
  try {
    // Linux: "<process>/task/<thread>".
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1))
  } catch {
    // Not on Linux.
    return undefined
  }
}

/** Node has no call for it; util-linux, which is everywhere, has a program. */
function makeRealtime(thread: number): boolean {
  try {
    // Lowest priority of its class; whatever the thread may start is ordinary again.
    execFileSync('chrt', ['-R', '-r', '-p', '1', String(thread)], { stdio: 'ignore' })
    return true
  } catch {
    // Not allowed, or no such program.
    return false
  }
}
