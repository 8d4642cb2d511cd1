import type { Pod } from 'kubernetes-types/core/v1.js'
import { amountOf } from '../cluster/index.ts'
import { type MetricLabels, MetricText } from './metric-text.ts'
import type { NodeView, PodView } from './node-view.ts'

/** One cgroup: the root, a pod's, or a container's. */
interface Cgroup {
  readonly labels: MetricLabels
  readonly cpuSeconds: number
  readonly memoryBytes: number
  readonly startedUnixS: number
  readonly limits: { readonly cpu: number | undefined; readonly memory: number | undefined } | undefined
}

const PERIOD_US = 100_000

/** What cAdvisor tells of a node's containers, inside the kubelet: a series for each cgroup, at the time of its figures. */
export function cadvisorPage(view: NodeView): string {
  const { node, nowMs, unixMs, cores, memoryBytes, usage } = view
  const at = unixMs(nowMs)
  const root = {
    labels: labelsOf('/'),
    cpuSeconds: usage.cpuSeconds,
    memoryBytes: usage.memoryBytes,
    startedUnixS: unixMs(usage.startedMs) / 1000,
    limits: undefined,
  }
  const cgroups = [
    root,
    ...view.pods.filter(({ containers }) => containers.length > 0).flatMap(pod => cgroupsOf(view, pod)),
  ]
  const info = node?.status?.nodeInfo
  const machine = {
    boot_id: info?.bootID ?? '',
    machine_id: info?.machineID ?? '',
    system_uuid: info?.systemUUID ?? '',
  }
  const text = new MetricText()
    .family(
      'cadvisor_version_info',
      'gauge',
      "A metric with a constant '1' value labeled by kernel version, OS version, docker version, cadvisor version & cadvisor revision.",
    )
    .sample(1, {
      cadvisorRevision: '',
      cadvisorVersion: '',
      dockerVersion: '',
      kernelVersion: info?.kernelVersion ?? '',
      osVersion: info?.osImage ?? '',
    })
  text.family('container_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed in seconds.')
  for (const { labels, cpuSeconds } of cgroups) {
    const { container = '', ...rest } = labels
    text.sample(cpuSeconds, { container, cpu: 'total', ...rest }, at)
  }
  text.family('container_last_seen', 'gauge', 'Last time a container was seen by the exporter')
  for (const { labels } of cgroups) text.sample(Math.floor(at / 1000), labels, at)
  text.family(
    'container_memory_usage_bytes',
    'gauge',
    'Current memory usage in bytes, including all memory regardless of when it was accessed',
  )
  for (const { labels, memoryBytes: bytes } of cgroups) text.sample(bytes, labels, at)
  text.family('container_memory_working_set_bytes', 'gauge', 'Current working set in bytes.')
  for (const { labels, memoryBytes: bytes } of cgroups) text.sample(bytes, labels, at)
  text
    .family('container_scrape_error', 'gauge', '1 if there was an error while getting container metrics, 0 otherwise')
    .sample(0)
  const limited = cgroups.filter(({ limits }) => limits?.cpu !== undefined)
  if (limited.length > 0) {
    text.family('container_spec_cpu_period', 'gauge', 'CPU period of the container.')
    for (const { labels } of limited) text.sample(PERIOD_US, labels, at)
    text.family('container_spec_cpu_quota', 'gauge', 'CPU quota of the container.')
    for (const { labels, limits } of limited) text.sample(Math.round((limits?.cpu ?? 0) * PERIOD_US), labels, at)
  }
  text.family('container_spec_memory_limit_bytes', 'gauge', 'Memory limit for the container.')
  for (const { labels, limits } of cgroups) text.sample(limits?.memory ?? 0, labels, at)
  text.family('container_start_time_seconds', 'gauge', 'Start time of the container since unix epoch in seconds.')
  for (const { labels, startedUnixS } of cgroups) text.sample(startedUnixS, labels, at)
  return text
    .family('machine_cpu_cores', 'gauge', 'Number of logical CPU cores.')
    .sample(cores, machine)
    .family('machine_memory_bytes', 'gauge', 'Amount of memory installed on the machine.')
    .sample(memoryBytes, machine)
    .toString()
}

/** A pod's own cgroup, and those of its containers within. */
function cgroupsOf({ unixMs }: NodeView, { pod, containers }: PodView): Cgroup[] {
  const { namespace = '', name, uid } = pod.metadata
  const slice = sliceOf(pod, uid)
  const own = containers.map(({ usage, spec, status }): Cgroup => {
    const id = (status?.containerID ?? '').replace(/^.*:\/\//, '')
    return {
      labels: labelsOf(`${slice}/cri-containerd-${id}.scope`, {
        container: usage.name,
        image: status?.image ?? '',
        name: id,
        namespace,
        pod: name,
      }),
      cpuSeconds: usage.cpuSeconds,
      memoryBytes: usage.memoryBytes,
      startedUnixS: unixMs(usage.startedMs) / 1000,
      limits: {
        cpu: amountOf(spec?.resources?.limits?.cpu),
        memory: amountOf(spec?.resources?.limits?.memory),
      },
    }
  })
  const whole: Cgroup = {
    labels: labelsOf(slice, { namespace, pod: name }),
    cpuSeconds: own.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    memoryBytes: own.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    startedUnixS: Math.min(...own.map(({ startedUnixS }) => startedUnixS)),
    limits: undefined,
  }
  return [whole, ...own]
}

function labelsOf(id: string, more: MetricLabels = {}): MetricLabels {
  const { container = '', image = '', name = '', namespace = '', pod = '' } = more
  return { container, id, image, name, namespace, pod }
}

/** As the systemd driver names them, by quality of service. */
function sliceOf(pod: Pod, uid: string): string {
  const escaped = uid.replaceAll('-', '_')
  const quality = qualityOf(pod)
  if (quality === 'guaranteed') return `/kubepods.slice/kubepods-pod${escaped}.slice`
  return `/kubepods.slice/kubepods-${quality}.slice/kubepods-${quality}-pod${escaped}.slice`
}

function qualityOf({ spec, status }: Pod): 'besteffort' | 'burstable' | 'guaranteed' {
  if (status?.qosClass !== undefined) return status.qosClass.toLowerCase() as 'besteffort'
  const all = (spec?.containers ?? []).map(({ resources }) => resources)
  if (all.every(each => each?.requests === undefined && each?.limits === undefined)) return 'besteffort'
  const isGuaranteed = all.every(each =>
    ['cpu', 'memory'].every(name => {
      const limit = each?.limits?.[name]
      return limit !== undefined && (each?.requests?.[name] ?? limit) === limit
    }),
  )
  return isGuaranteed ? 'guaranteed' : 'burstable'
}
