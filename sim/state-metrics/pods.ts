import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import { amountOf } from '../cluster/amounts.ts'
import { controllerOf } from '../informers/owners.ts'
import { resourceSamples } from './resource-amounts.ts'
import {
  created,
  flag,
  info,
  many,
  notAllowed,
  one,
  owners,
  stateKind,
  type StateFamily,
  states,
  statusSamples,
  unixSeconds,
} from './state-family.ts'

const PHASES = ['Pending', 'Succeeded', 'Failed', 'Unknown', 'Running']
const QOS_CLASSES = ['BestEffort', 'Burstable', 'Guaranteed']
const REASONS = ['Evicted', 'NodeAffinity', 'NodeLost', 'Shutdown', 'UnexpectedAdmissionError']
const MORE_PRECISE =
  'It is recommended to use the kube_pod_resource_%s metric exposed by kube-scheduler instead, as it is more precise.'

type Statuses = (pod: Pod) => readonly ContainerStatus[]

const main: Statuses = pod => pod.status?.containerStatuses ?? []
const init: Statuses = pod => pod.status?.initContainerStatuses ?? []

/** One sample for each container that has something to say. */
function each(
  name: string,
  help: string,
  of: Statuses,
  value: (status: ContainerStatus) => number | undefined,
  type: StateFamily['type'] = 'gauge',
): StateFamily<Pod> {
  return many(
    name,
    help,
    ['container'],
    pod =>
      of(pod).flatMap(status => {
        const said = value(status)
        return said === undefined ? [] : [{ labels: [status.name], value: said }]
      }),
    type,
  )
}

function reasons(
  name: string,
  help: string,
  of: Statuses,
  reason: (status: ContainerStatus) => { readonly reason?: string } | undefined,
): StateFamily<Pod> {
  return info(name, help, ['container', 'reason'], pod =>
    of(pod).flatMap(status => {
      const state = reason(status)
      return state === undefined ? [] : [[status.name, state.reason ?? '']]
    }),
  )
}

function containerInfo(name: string, help: string, isInit: boolean): StateFamily<Pod> {
  const labels = ['container', 'image_spec', 'image', 'image_id', 'container_id']
  return info(name, help, labels, pod => {
    const specs = (isInit ? pod.spec?.initContainers : pod.spec?.containers) ?? []
    return (isInit ? init : main)(pod).flatMap(({ name: container, image, imageID, containerID = '' }) => {
      const spec = specs.find(each => each.name === container)
      return spec === undefined ? [] : [[container, spec.image ?? '', image, imageID, containerID]]
    })
  })
}

function resources(name: string, help: string, isInit: boolean, of: 'limits' | 'requests'): StateFamily<Pod> {
  return many(name, help, ['container', 'node', 'resource', 'unit'], ({ spec }) =>
    ((isInit ? spec?.initContainers : spec?.containers) ?? []).flatMap(container =>
      resourceSamples(container.resources?.[of], [container.name, spec?.nodeName ?? '']),
    ),
  )
}

/** The time of a condition that holds. */
function since(name: string, help: string, type: string): StateFamily<Pod> {
  return one(name, help, pod => {
    const condition = pod.status?.conditions?.find(each => each.type === type && each.status === 'True')
    return unixSeconds(condition?.lastTransitionTime)
  })
}

function condition(name: string, help: string, type: string): StateFamily<Pod> {
  return many(name, help, ['condition'], pod =>
    (pod.status?.conditions ?? []).flatMap(each => (each.type === type ? statusSamples(each.status) : [])),
  )
}

function claims(name: string, help: string, value: (readOnly: boolean) => number): StateFamily<Pod> {
  return many(name, help, ['volume', 'persistentvolumeclaim'], pod =>
    (pod.spec?.volumes ?? []).flatMap(({ name: volume, persistentVolumeClaim: claim }) =>
      claim === undefined ? [] : [{ labels: [volume, claim.claimName], value: value(claim.readOnly === true) }],
    ),
  )
}

function tolerations({ spec }: Pod): string[][] {
  const rows = (spec?.tolerations ?? []).map(
    ({ key = '', operator = '', value = '', effect = '', tolerationSeconds }) => [
      key,
      operator,
      value,
      effect,
      tolerationSeconds === undefined ? '' : String(tolerationSeconds),
    ],
  )
  return [...new Map(rows.map(row => [row.join('\0'), row])).values()]
}

export const podState = stateKind<Pod>(
  'pods',
  ['namespace', 'pod', 'uid'],
  [
    one('kube_pod_completion_time', '[STABLE] Completion time in unix timestamp for a pod.', pod => {
      const times = main(pod).flatMap(({ state }) => unixSeconds(state?.terminated?.finishedAt) ?? [])
      return times.length === 0 ? undefined : Math.max(...times)
    }),
    containerInfo('kube_pod_container_info', '[STABLE] Information about a container in a pod.', false),
    resources(
      'kube_pod_container_resource_limits',
      `The number of requested limit resource by a container. ${MORE_PRECISE.replace('%s', 'limits')}`,
      false,
      'limits',
    ),
    resources(
      'kube_pod_container_resource_requests',
      `The number of requested request resource by a container. ${MORE_PRECISE.replace('%s', 'requests')}`,
      false,
      'requests',
    ),
    each(
      'kube_pod_container_state_started',
      '[STABLE] Start time in unix timestamp for a pod container.',
      main,
      ({ state }) => unixSeconds(state?.running?.startedAt ?? state?.terminated?.startedAt),
    ),
    reasons(
      'kube_pod_container_status_last_terminated_reason',
      'Describes the last reason the container was in terminated state.',
      main,
      ({ lastState }) => lastState?.terminated,
    ),
    each(
      'kube_pod_container_status_last_terminated_exitcode',
      'Describes the exit code for the last container in terminated state.',
      main,
      ({ lastState }) => lastState?.terminated?.exitCode,
    ),
    each(
      'kube_pod_container_status_last_terminated_timestamp',
      'Last terminated time for a pod container in unix timestamp.',
      main,
      ({ lastState }) => unixSeconds(lastState?.terminated?.finishedAt),
    ),
    each(
      'kube_pod_container_status_ready',
      '[STABLE] Describes whether the containers readiness check succeeded.',
      main,
      ({ ready }) => flag(ready),
    ),
    each(
      'kube_pod_container_status_restarts_total',
      '[STABLE] The number of container restarts per container.',
      main,
      ({ restartCount }) => restartCount,
      'counter',
    ),
    each(
      'kube_pod_container_status_running',
      '[STABLE] Describes whether the container is currently in running state.',
      main,
      ({ state }) => flag(state?.running !== undefined),
    ),
    each(
      'kube_pod_container_status_terminated',
      '[STABLE] Describes whether the container is currently in terminated state.',
      main,
      ({ state }) => flag(state?.terminated !== undefined),
    ),
    reasons(
      'kube_pod_container_status_terminated_reason',
      'Describes the reason the container is currently in terminated state.',
      main,
      ({ state }) => state?.terminated,
    ),
    each(
      'kube_pod_container_status_waiting',
      '[STABLE] Describes whether the container is currently in waiting state.',
      main,
      ({ state }) => flag(state?.waiting !== undefined),
    ),
    reasons(
      'kube_pod_container_status_waiting_reason',
      '[STABLE] Describes the reason the container is currently in waiting state.',
      main,
      ({ state }) => state?.waiting,
    ),
    created('kube_pod'),
    one('kube_pod_deletion_timestamp', 'Unix deletion timestamp', pod => unixSeconds(pod.metadata?.deletionTimestamp)),
    info(
      'kube_pod_info',
      '[STABLE] Information about pod.',
      ['host_ip', 'pod_ip', 'node', 'created_by_kind', 'created_by_name', 'priority_class', 'host_network'],
      pod => {
        const { spec, status } = pod
        const owner = controllerOf(pod)
        return [
          [
            status?.hostIP ?? '',
            status?.podIP ?? '',
            spec?.nodeName ?? '',
            owner?.kind ?? '',
            owner?.name ?? '',
            spec?.priorityClassName ?? '',
            String(spec?.hostNetwork === true),
          ],
        ]
      },
    ),
    info('kube_pod_ips', 'Pod IP addresses', ['ip', 'ip_family'], ({ status }) =>
      (status?.podIPs ?? []).flatMap(({ ip = '' }) => (ip === '' ? [] : [[ip, ip.includes(':') ? '6' : '4']])),
    ),
    containerInfo('kube_pod_init_container_info', '[STABLE] Information about an init container in a pod.', true),
    resources(
      'kube_pod_init_container_resource_limits',
      'The number of requested limit resource by an init container.',
      true,
      'limits',
    ),
    resources(
      'kube_pod_init_container_resource_requests',
      'The number of requested request resource by an init container.',
      true,
      'requests',
    ),
    reasons(
      'kube_pod_init_container_status_last_terminated_reason',
      'Describes the last reason the init container was in terminated state.',
      init,
      ({ lastState }) => lastState?.terminated,
    ),
    each(
      'kube_pod_init_container_status_ready',
      '[STABLE] Describes whether the init containers readiness check succeeded.',
      init,
      ({ ready }) => flag(ready),
    ),
    each(
      'kube_pod_init_container_status_restarts_total',
      '[STABLE] The number of restarts for the init container.',
      init,
      ({ restartCount }) => restartCount,
      'counter',
    ),
    each(
      'kube_pod_init_container_status_running',
      '[STABLE] Describes whether the init container is currently in running state.',
      init,
      ({ state }) => flag(state?.running !== undefined),
    ),
    each(
      'kube_pod_init_container_status_terminated',
      '[STABLE] Describes whether the init container is currently in terminated state.',
      init,
      ({ state }) => flag(state?.terminated !== undefined),
    ),
    reasons(
      'kube_pod_init_container_status_terminated_reason',
      'Describes the reason the init container is currently in terminated state.',
      init,
      ({ state }) => state?.terminated,
    ),
    each(
      'kube_pod_init_container_status_waiting',
      '[STABLE] Describes whether the init container is currently in waiting state.',
      init,
      ({ state }) => flag(state?.waiting !== undefined),
    ),
    reasons(
      'kube_pod_init_container_status_waiting_reason',
      'Describes the reason the init container is currently in waiting state.',
      init,
      ({ state }) => state?.waiting,
    ),
    notAllowed('kube_pod', 'annotations'),
    notAllowed('kube_pod', 'labels'),
    one(
      'kube_pod_overhead_cpu_cores',
      'The pod overhead in regards to cpu cores associated with running a pod.',
      ({ spec }) => amountOf(spec?.overhead?.['cpu']),
    ),
    one(
      'kube_pod_overhead_memory_bytes',
      'The pod overhead in regards to memory associated with running a pod.',
      ({ spec }) => amountOf(spec?.overhead?.['memory']),
    ),
    owners('kube_pod_owner', "[STABLE] Information about the Pod's owner."),
    info(
      'kube_pod_restart_policy',
      '[STABLE] Describes the restart policy in use by this pod.',
      ['type'],
      ({ spec }) => [[spec?.restartPolicy ?? '']],
    ),
    info(
      'kube_pod_runtimeclass_name_info',
      'The runtimeclass associated with the pod.',
      ['runtimeclass_name'],
      ({ spec }) => (spec?.runtimeClassName === undefined ? [] : [[spec.runtimeClassName]]),
    ),
    claims(
      'kube_pod_spec_volumes_persistentvolumeclaims_info',
      '[STABLE] Information about persistentvolumeclaim volumes in a pod.',
      () => 1,
    ),
    claims(
      'kube_pod_spec_volumes_persistentvolumeclaims_readonly',
      '[STABLE] Describes whether a persistentvolumeclaim is mounted read only.',
      flag,
    ),
    one('kube_pod_start_time', '[STABLE] Start time in unix timestamp for a pod.', ({ status }) =>
      unixSeconds(status?.startTime),
    ),
    many('kube_pod_status_phase', '[STABLE] The pods current phase.', ['phase'], ({ status }) =>
      status?.phase === undefined ? [] : states(PHASES, status.phase),
    ),
    many('kube_pod_status_qos_class', 'The pods current qosClass.', ['qos_class'], ({ status }) =>
      status?.qosClass === undefined ? [] : states(QOS_CLASSES, status.qosClass),
    ),
    condition('kube_pod_status_ready', '[STABLE] Describes whether the pod is ready to serve requests.', 'Ready'),
    since('kube_pod_status_ready_time', 'Readiness achieved time in unix timestamp for a pod.', 'Ready'),
    since('kube_pod_status_initialized_time', 'Initialized time in unix timestamp for a pod.', 'Initialized'),
    since(
      'kube_pod_status_container_ready_time',
      'Readiness achieved time in unix timestamp for a pod containers.',
      'ContainersReady',
    ),
    many('kube_pod_status_reason', 'The pod status reasons', ['reason'], ({ status }) =>
      states(REASONS, status?.reason),
    ),
    condition(
      'kube_pod_status_scheduled',
      '[STABLE] Describes the status of the scheduling process for the pod.',
      'PodScheduled',
    ),
    since(
      'kube_pod_status_scheduled_time',
      '[STABLE] Unix timestamp when pod moved into scheduled status',
      'PodScheduled',
    ),
    one('kube_pod_status_unschedulable', '[STABLE] Describes the unschedulable status for the pod.', ({ status }) =>
      status?.conditions?.some(({ type, status: is }) => type === 'PodScheduled' && is === 'False') === true
        ? 1
        : undefined,
    ),
    info(
      'kube_pod_tolerations',
      'Information about the pod tolerations',
      ['key', 'operator', 'value', 'effect', 'toleration_seconds'],
      tolerations,
    ),
    info('kube_pod_service_account', 'The service account for a pod.', ['service_account'], ({ spec }) => [
      [spec?.serviceAccountName ?? ''],
    ]),
    info('kube_pod_scheduler', 'The scheduler for a pod.', ['name'], ({ spec }) => [[spec?.schedulerName ?? '']]),
  ],
  ({ metadata }) => [metadata?.namespace ?? '', metadata?.name ?? '', metadata?.uid ?? ''],
)
