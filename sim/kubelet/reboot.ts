import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import type { Prng } from '../../base/index.ts'
import { withCondition } from '../informers/index.ts'

/** What the kubelet finds of a container that ran when the machine went down: nobody saw it end. */
const LOST = { exitCode: 255, reason: 'Unknown' }

/**
 * The status of a pod after its machine was started anew: the same pod, its containers running again with one restart more,
 * and not ready yet. `undefined` for a pod of which nothing ran, and for one that is to go.
 *
 * The address is kept, which on a real machine depends on the network plug-in. Probes that follow are the stages' affair.
 */
export function rebootedStatus({ metadata, spec, status }: Pod, prng: Prng, now: string): Pod['status'] | undefined {
  if (metadata?.deletionTimestamp !== undefined || status?.phase !== 'Running') return undefined
  const ids = prng.fork(`pod/${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`)
  const containerStatuses = (status.containerStatuses ?? []).map((container): ContainerStatus => {
    const { running } = container.state ?? {}
    if (running === undefined) return container
    const { containerID = '' } = container
    return {
      ...container,
      containerID: `containerd://${ids.word(64, '0123456789abcdef')}`,
      lastState: { terminated: { ...LOST, containerID, ...running, finishedAt: now } },
      ready: false,
      restartCount: container.restartCount + 1,
      state: { running: { startedAt: now } },
    }
  })
  const names = (spec?.containers ?? []).map(({ name }) => name).join(' ')
  const unready = {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${names}]`,
  }
  let conditions = withCondition(status.conditions, { type: 'Ready', ...unready }, now)
  conditions = withCondition(conditions, { type: 'ContainersReady', ...unready }, now)
  return { ...status, conditions, containerStatuses }
}
