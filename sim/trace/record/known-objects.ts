import { isDeepStrictEqual } from 'node:util'
import type { Stored } from '../../cluster/index.ts'
import type { WorkloadEvent } from '../churn-event.ts'
import type { NodeState, PodState, ServiceState, WorkloadState } from '../trace-state.ts'
import { transitionsOf } from '../transitions.ts'

/*
 * Objects as a trace knows them at its end, for a recording that goes on with it: just enough that `transitionsOf` finds the
 * differences to what there is now.
 */

export function knownNode({ name, ready }: NodeState): Stored {
  return {
    metadata: { name, uid: '' },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  } as unknown as Stored
}

export function knownService({ namespace, name, labels, selector, ports }: ServiceState): Stored {
  return { metadata: { namespace, name, uid: '', labels }, spec: { selector, ports } } as unknown as Stored
}

export function knownPod(state: PodState): Stored {
  const { namespace, name, uid, labels, node, address, ready, restarts, ended, graceS } = state
  return {
    metadata: { namespace, name, uid, labels, ...(graceS === undefined ? {} : { deletionTimestamp: '' }) },
    spec: { nodeName: node },
    status: {
      phase: ended === 'succeeded' ? 'Succeeded' : ended === 'failed' ? 'Failed' : undefined,
      podIP: address,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [{ restartCount: restarts }],
    },
  } as unknown as Stored
}

/**
 * A trace keeps of a template what decides about pods and scraping. Where that is what there is now, the template counts as
 * the same; otherwise there is no version before, and the workload counts as applied anew.
 */
export function knownWorkload(kind: string, state: WorkloadState, current: Stored): Stored | undefined {
  const [applied] = transitionsOf({ type: 'ADDED', kind, object: current, previous: undefined })
  if (applied === undefined || !isSame(applied as WorkloadEvent, state)) return undefined
  const { replicas } = state
  return {
    metadata: { ...current.metadata, generation: undefined },
    spec: { ...(current as { spec?: object }).spec, replicas, parallelism: replicas },
  } as unknown as Stored
}

function isSame({ selector, strategy, labels, annotations, containers }: WorkloadEvent, state: WorkloadState): boolean {
  return isDeepStrictEqual(
    [selector, strategy, labels, annotations, containers],
    [state.selector, state.strategy, state.labels, state.annotations, state.containers],
  )
}
