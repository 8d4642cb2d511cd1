import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import type { Prng } from '../../base/index.ts'
import { containersOf, containerStatus, derivedStatus, runsAgain, withContainerStatuses } from '../stages/index.ts'

/** What the kubelet finds of a container that ran when the machine went down: nobody saw it end. */
const LOST = { exitCode: 255, reason: 'Unknown' }

/**
 * The status of a pod after its machine was started anew: the same pod, its containers running again with one restart more
 * and not ready yet, or ended for good where the restart policy wants that. `undefined` for a pod of which nothing ran, and
 * for one that is to go.
 *
 * The address is kept, which on a real machine depends on the network plug-in, and init containers that were done are not
 * run again, which they would be. Probes that follow are the stages' affair.
 */
export function rebootedStatus(pod: Pod, prng: Prng, now: string): Pod['status'] | undefined {
  const { metadata, status } = pod
  if (metadata?.deletionTimestamp !== undefined || status?.phase !== 'Running') return undefined
  const ids = prng.fork(`pod/${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`)
  const next = new Map<string, ContainerStatus>()
  for (const part of containersOf(pod)) {
    const before = containerStatus(status, part)
    const running = before?.state?.running
    if (before === undefined || running === undefined) continue
    const { containerID = '' } = before
    const terminated = { ...LOST, containerID, ...running, finishedAt: now }
    next.set(
      before.name,
      runsAgain(pod, part.kind, LOST.exitCode)
        ? {
            ...before,
            containerID: `containerd://${ids.word(64, '0123456789abcdef')}`,
            lastState: { terminated },
            ready: false,
            restartCount: before.restartCount + 1,
            started: part.container.startupProbe === undefined,
            state: { running: { startedAt: now } },
          }
        : { ...before, ready: false, started: false, state: { terminated } },
    )
  }
  return derivedStatus(pod, withContainerStatuses(status, next), { now })
}
