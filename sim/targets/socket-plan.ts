import { targetError } from './errors.ts'
import {
  type DescriptorLimits,
  descriptorsNeeded,
  descriptorsPerPod,
  FDS_PER_THREAD,
  readDescriptorLimits,
  type SocketPlan,
} from './addresses.ts'

/** Descriptors of a target process itself: its streams, its channel to us, its event loop, with room. */
const FDS_PER_PROCESS = 48
/** Of a target process in ours: its channel, and the thread that carries messages to it. */
const FDS_PER_BRIDGE = FDS_PER_THREAD + 8
/** Pods go to processes by a hash of their uid, which is not quite even. */
const UNEVENNESS = 1.06
/** More would need more memory than descriptors are worth. */
const PROCESSES_MAX = 16

/** Where the pods of a run have their sockets. */
export interface SocketPlaces {
  /** Target processes; 0: in threads of this one. */
  readonly processes: number
  /** Threads in all, or in each of the processes. */
  readonly threads: number
}

/**
 * Decides before the start where the pods' sockets are: in threads of this process, unless it may not open as many; then in
 * as few processes as it takes, each of which may open as many again, with threads inside.
 *
 * @param plan `threads` is what the machine has cores for
 * @throws CodedError CHURN_FD_LIMIT (exit code 2) when not even that is enough, with what would be.
 */
export function planSockets(
  plan: SocketPlan & { readonly threads: number },
  limits: DescriptorLimits = readDescriptorLimits(),
): SocketPlaces {
  const { pods, threads } = plan
  const { limit, inUse } = limits
  if (descriptorsNeeded(plan) + inUse <= limit) return { processes: 0, threads }
  const own = limit - inUse - descriptorsNeeded({ ...plan, pods: 0, threads: 0 })
  const processesMax = Math.max(0, Math.min(PROCESSES_MAX, Math.floor(own / FDS_PER_BRIDGE)))
  for (let processes = 1; processes <= processesMax; processes++) {
    const inside = Math.ceil(threads / processes)
    if (processesNeeded(pods, inside, plan, limit) <= processes) return { processes, threads: inside }
  }
  const perPod = descriptorsPerPod(plan)
  const podsMax = processesMax * podsPerProcess(1, plan, limit)
  const enough = Math.ceil((pods * perPod * UNEVENNESS) / PROCESSES_MAX) + FDS_PER_PROCESS + FDS_PER_THREAD
  throw targetError(
    'CHURN_FD_LIMIT',
    `${pods} pods need ${pods * perPod} file descriptors (${perPod} each), but a process may open ${limit} and ` +
      `${PROCESSES_MAX} processes are the most; raise the limit (ulimit -n ${Math.max(enough, limit + 1)}) or run at most ${podsMax} pods`,
  )
}

function processesNeeded(pods: number, threads: number, plan: SocketPlan, limit: number): number {
  const each = podsPerProcess(threads, plan, limit)
  return each <= 0 ? Infinity : Math.ceil(pods / each)
}

function podsPerProcess(threads: number, plan: SocketPlan, limit: number): number {
  const spare = limit - FDS_PER_PROCESS - threads * FDS_PER_THREAD
  return Math.max(0, Math.floor(spare / (descriptorsPerPod(plan) * UNEVENNESS)))
}
