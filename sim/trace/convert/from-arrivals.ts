import { HPA_DEFAULTS, HPA_START, hpaReplicas, type HpaSpec } from '../../controllers/hpa-rule.ts'
import type { ChurnEvent, WorkloadEvent } from '../churn-event.ts'
import { TraceError } from '../errors.ts'
import { arrivalWindows } from './arrival-windows.ts'
import type { Converter, FormatOptions } from './converter.ts'
import { MadeUpNodes } from './made-up-nodes.ts'

const WORKLOAD = 'default/arrivals'
const MAX_REPLICAS = 100

/**
 * A series of arrivals, as the load of one Deployment that a HorizontalPodAutoscaler scales: with Kubernetes' defaults, it
 * looks every 15 s at the requests per second since it looked last, and wants as many pods as serve them. What comes out are
 * the Deployment and its sizes; the pods are the controllers' business when the trace is replayed.
 */
export const fromArrivals: Converter = {
  options: ['perPod', 'minReplicas', 'maxReplicas', 'workload', 'nodes'],
  async *events({ bytes, conversion, options }) {
    const { spec, perPod } = autoscaler(options)
    const nodes = new MadeUpNodes(options.nodes ?? 0)
    const [namespace, name] = (options.workload ?? WORKLOAD).split('/') as [string, string]
    const deployment = { kind: 'workload', namespace, name, type: 'Deployment' } as const
    const { syncMs } = HPA_DEFAULTS
    let replicas = spec.minReplicas
    let memory = HPA_START
    let batch: ChurnEvent[] | undefined
    let scaled = 0
    for await (const { startMs, endMs, requests } of arrivalWindows(bytes, conversion, syncMs)) {
      if (batch === undefined) batch = [...nodes.added(), applied(deployment, replicas)]
      conversion.durationMs = endMs
      const t = startMs + syncMs
      // The last window is rarely a whole one: its requests are too few for what they would be a second.
      if (endMs < t) continue
      const next = hpaReplicas(spec, memory, t, replicas, requests / (syncMs / 1000), perPod)
      memory = next.memory
      if (next.replicas === replicas) continue
      replicas = next.replicas
      scaled++
      batch.push({ t, ...deployment, op: 'scaled', replicas })
      if (batch.length < 1000) continue
      yield batch
      batch = []
    }
    conversion.infer('sizes of the Deployment, by the rules of the HorizontalPodAutoscaler', scaled)
    conversion.infer('nodes made up, since a series of arrivals has none', nodes.count)
    if (batch !== undefined) yield batch
  },
}

function autoscaler({ perPod, minReplicas = 1, maxReplicas = MAX_REPLICAS }: FormatOptions): {
  readonly spec: HpaSpec
  readonly perPod: number
} {
  if (perPod === undefined) {
    throw new TraceError(
      'CHURN_TRACE_OPTIONS',
      'a series of arrivals scales a Deployment; say with --per-pod how many requests per second one pod serves',
    )
  }
  if (minReplicas > maxReplicas) {
    throw new TraceError(
      'CHURN_TRACE_OPTIONS',
      `--min-replicas ${minReplicas} is more than --max-replicas ${maxReplicas}`,
    )
  }
  return { spec: { ...HPA_DEFAULTS, minReplicas, maxReplicas }, perPod }
}

function applied(
  deployment: Pick<WorkloadEvent, 'kind' | 'namespace' | 'name' | 'type'>,
  replicas: number,
): WorkloadEvent {
  const labels = { app: deployment.name }
  const containers = [{ name: 'main', ports: [{ name: 'metrics', port: 8080 }] }]
  return { t: 0, ...deployment, op: 'applied', replicas, selector: labels, labels, containers }
}
