import type { Probe } from 'kubernetes-types/core/v1.js'
import { cadvisorPage } from './cadvisor-page.ts'
import { MetricText } from './metric-text.ts'
import type { NodeView } from './node-view.ts'

export interface Page {
  readonly contentType: string
  readonly body: string
}

/** As kubelets answer: their registries do not offer OpenMetrics, whatever a scraper asks for. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const TEXT_TYPE = 'text/plain; charset=utf-8'

type Renderer = (view: NodeView) => string

const METRICS: Readonly<Record<string, Renderer>> = {
  '/metrics': kubeletPage,
  '/metrics/cadvisor': cadvisorPage,
  '/metrics/resource': resourcePage,
  '/metrics/probes': probesPage,
}

/**
 * What a kubelet serves at a path; `undefined` where it has nothing.
 *
 * Names, types, labels and timestamps are those of the real one; of its hundreds of families those are here whose values
 * follow from the pods of the node. Nothing is made up to fill the page.
 */
export function nodePage(path: string, view: NodeView): Page | undefined {
  const render = METRICS[path]
  if (render !== undefined) return { contentType: METRICS_TYPE, body: render(view) }
  if (path === '/healthz' || path.startsWith('/healthz/')) return { contentType: TEXT_TYPE, body: 'ok' }
  if (path !== '/pods' && path !== '/pods/') return undefined
  const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: view.pods.map(({ pod }) => pod) }
  return { contentType: 'application/json', body: JSON.stringify(list) }
}

function kubeletPage({ name, node, unixMs, usage, pods }: NodeView): string {
  let running = 0
  let runningContainers = 0
  let exited = 0
  let active = 0
  for (const { pod, containers } of pods) {
    const phase = pod.status?.phase
    if (containers.length > 0) running++
    if (phase !== 'Succeeded' && phase !== 'Failed') active++
    runningContainers += containers.length
    exited += (pod.status?.containerStatuses ?? []).filter(({ state }) => state?.terminated !== undefined).length
  }
  const version = node?.status?.nodeInfo?.kubeletVersion ?? ''
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(version) ?? []
  const text = new MetricText()
    .family(
      'kubelet_active_pods',
      'gauge',
      '[ALPHA] The number of pods the kubelet considers active and which are being considered when admitting new pods. static is true if the pod is not from the apiserver.',
    )
    .sample(active, { static: '' })
    .family(
      'kubelet_desired_pods',
      'gauge',
      '[ALPHA] The number of pods the kubelet is being instructed to run. static is true if the pod is not from the apiserver.',
    )
    .sample(pods.length, { static: '' })
    .family('kubelet_node_name', 'gauge', "[ALPHA] The node's name. The count is always 1.")
    .sample(1, { node: name })
    .family('kubelet_running_containers', 'gauge', '[ALPHA] Number of containers currently running')
  if (exited > 0) text.sample(exited, { container_state: 'exited' })
  return text
    .sample(runningContainers, { container_state: 'running' })
    .family('kubelet_running_pods', 'gauge', '[ALPHA] Number of pods that have a running pod sandbox')
    .sample(running)
    .family('kubelet_started_containers_total', 'counter', '[ALPHA] Cumulative number of containers started')
    .sample(usage.startedContainers, { container_type: 'container' })
    .family('kubelet_started_pods_total', 'counter', '[ALPHA] Cumulative number of pods started')
    .sample(usage.startedPods)
    .family(
      'kubernetes_build_info',
      'gauge',
      "[ALPHA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
    )
    .sample(1, { git_version: version, major, minor, platform: 'linux/amd64' })
    .family('process_start_time_seconds', 'gauge', '[ALPHA] Start time of the process since unix epoch in seconds.')
    .sample(unixMs(usage.startedMs) / 1000)
    .toString()
}

/** What metrics-server reads. */
function resourcePage({ nowMs, unixMs, usage, pods }: NodeView): string {
  const at = unixMs(nowMs)
  const busy = pods.filter(({ containers }) => containers.length > 0)
  const text = new MetricText()
  const perContainer = (value: (used: NodeView['pods'][number]['containers'][number]['usage']) => number): void => {
    for (const { pod, containers } of busy) {
      const { namespace = '', name } = pod.metadata
      for (const { usage: used } of containers) {
        text.sample(value(used), { container: used.name, namespace, pod: name }, at)
      }
    }
  }
  const perPod = (value: (used: NodeView['pods'][number]['containers'][number]['usage']) => number): void => {
    for (const { pod, containers } of busy) {
      const { namespace = '', name } = pod.metadata
      text.sample(
        containers.reduce((sum, { usage: used }) => sum + value(used), 0),
        { namespace, pod: name },
        at,
      )
    }
  }
  text.family(
    'container_cpu_usage_seconds_total',
    'counter',
    '[STABLE] Cumulative cpu time consumed by the container in core-seconds',
  )
  perContainer(used => used.cpuSeconds)
  text.family('container_memory_working_set_bytes', 'gauge', '[STABLE] Current working set of the container in bytes')
  perContainer(used => used.memoryBytes)
  text.family(
    'container_start_time_seconds',
    'gauge',
    '[STABLE] Start time of the container since unix epoch in seconds',
  )
  perContainer(used => unixMs(used.startedMs) / 1000)
  text
    .family(
      'node_cpu_usage_seconds_total',
      'counter',
      '[STABLE] Cumulative cpu time consumed by the node in core-seconds',
    )
    .sample(usage.cpuSeconds, {}, at)
    .family('node_memory_working_set_bytes', 'gauge', '[STABLE] Current working set of the node in bytes')
    .sample(usage.memoryBytes, {}, at)
    .family(
      'pod_cpu_usage_seconds_total',
      'counter',
      '[STABLE] Cumulative cpu time consumed by the pod in core-seconds',
    )
  perPod(used => used.cpuSeconds)
  text.family('pod_memory_working_set_bytes', 'gauge', '[STABLE] Current working set of the pod in bytes')
  perPod(used => used.memoryBytes)
  return text
    .family(
      'resource_scrape_error',
      'gauge',
      '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise',
    )
    .sample(0)
    .toString()
}

/**
 * Probes of the containers that run, as many as were due since their start: readiness probes fail until the pod is ready,
 * the others have passed, or the container would not run any more.
 */
function probesPage({ nowMs, pods }: NodeView): string {
  const text = new MetricText()
  let isBegun = false
  const count = (value: number, labels: Readonly<Record<string, string>>): void => {
    if (value <= 0) return
    if (!isBegun)
      text.family(
        'prober_probe_total',
        'counter',
        '[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.',
      )
    isBegun = true
    text.sample(value, labels)
  }
  for (const { pod, containers, readyChangedMs } of pods) {
    const { namespace = '', name, uid } = pod.metadata
    for (const { usage, spec } of containers) {
      const of = (type: string, result: string): Readonly<Record<string, string>> => ({
        container: usage.name,
        namespace,
        pod: name,
        pod_uid: uid,
        probe_type: type,
        result,
      })
      const { livenessProbe, readinessProbe, startupProbe } = spec ?? {}
      const ageMs = nowMs - usage.startedMs
      count(due(livenessProbe, ageMs), of('Liveness', 'successful'))
      const failed = due(readinessProbe, Math.min(ageMs, Math.max(0, readyChangedMs - usage.startedMs - 1)))
      count(failed, of('Readiness', 'failed'))
      count(due(readinessProbe, ageMs) - failed, of('Readiness', 'successful'))
      count(Math.min(1, due(startupProbe, ageMs)), of('Startup', 'successful'))
    }
  }
  return text.toString()
}

/** How many probes a container has had at an age. */
function due(probe: Probe | undefined, ageMs: number): number {
  if (probe === undefined) return 0
  const { initialDelaySeconds = 0, periodSeconds = 10 } = probe
  return Math.max(0, Math.floor((ageMs / 1000 - initialDelaySeconds) / periodSeconds) + 1)
}
