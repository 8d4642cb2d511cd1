import type { ChurnEvent } from '../churn-event.ts'

/** What a control plane says of a node whose kubelet it has not heard of for too long. */
const SILENT = 'NodeStatusUnknown'

/**
 * Adds what an API does not show: a node that fell silent takes its pods with it. Where the trace has the cause itself, as a
 * simulation's has, nothing is added.
 *
 * It is told when the control plane noticed, which is some 40 s after it happened on a cluster with the usual settings.
 */
export class InferredFailures {
  /** Nodes on which nobody answers: told by the trace, or inferred. */
  readonly #failed = new Map<string, 'told' | 'inferred'>()

  push(event: ChurnEvent): readonly ChurnEvent[] {
    if (event.kind !== 'node') return [event]
    const { t, op, name, reason } = event
    const failed = this.#failed.get(name)
    if (op === 'failed') this.#failed.set(name, 'told')
    else if (op === 'recovered' || op === 'removed') this.#failed.delete(name)
    if (op === 'not-ready' && reason === SILENT && failed === undefined) {
      this.#failed.set(name, 'inferred')
      return [{ t, kind: 'node', op: 'failed', name, reason }, event]
    }
    if (op === 'ready' && failed === 'inferred') {
      this.#failed.delete(name)
      return [event, { t, kind: 'node', op: 'recovered', name }]
    }
    return [event]
  }
}
