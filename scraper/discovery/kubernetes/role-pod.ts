import type { Container, ContainerPort, ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import { attachNamespace, attachNode } from './attached-metadata.ts'
import { addObjectMeta, controllerOf, hostPort, type MetaLabels, NAMESPACE, PREFIX } from './meta-labels.ts'
import { lookUp, NO_TARGETS, type Role } from './role.ts'

/** Role `pod`: a target for each declared port of each container, ready or not, as soon as the pod has an address. */
export const podRole: Role<Pod> = {
  resource: 'pods',
  needs: [],
  sourcePrefix: 'pod',

  references: pod => [
    { resource: 'nodes', key: pod.spec?.nodeName ?? '' },
    { resource: 'namespaces', key: pod.metadata?.namespace ?? '' },
  ],

  build(pod, stores) {
    const ip = pod.status?.podIP ?? ''
    if (ip === '') return NO_TARGETS
    const nodeName = pod.spec?.nodeName ?? ''
    // Nodes that a selector leaves out take their pods with them.
    if (stores.has('nodes') && lookUp(stores, 'nodes', nodeName) === undefined) return NO_TARGETS
    const labels = podLabels(pod)
    labels[NAMESPACE] = pod.metadata?.namespace ?? ''
    attachNode(labels, nodeName, stores)
    attachNamespace(labels, pod.metadata?.namespace, stores)
    const targets: MetaLabels[] = []
    for (const { container, isInit } of containersOf(pod)) {
      const statuses = (isInit ? pod.status?.initContainerStatuses : pod.status?.containerStatuses) ?? []
      const id = containerId(statuses, container.name)
      const ports = container.ports ?? []
      // Without a declared port there is one target, to which relabelling must add a port.
      if (ports.length === 0) targets.push({ __address__: ip, ...containerLabels(container, isInit, id) })
      for (const port of ports) {
        targets.push({
          __address__: hostPort(ip, port.containerPort),
          ...containerLabels(container, isInit, id),
          ...portLabels(port),
        })
      }
    }
    return { labels, targets }
  },
}

/** What every target in a pod says of its pod. */
export function podLabels(pod: Pod): MetaLabels {
  const { metadata, spec, status } = pod
  const ready = status?.conditions?.find(condition => condition.type === 'Ready')?.status ?? 'Unknown'
  const labels: MetaLabels = {
    [`${PREFIX}pod_ip`]: status?.podIP ?? '',
    [`${PREFIX}pod_ready`]: ready.toLowerCase(),
    [`${PREFIX}pod_phase`]: status?.phase ?? '',
    [`${PREFIX}pod_node_name`]: spec?.nodeName ?? '',
    [`${PREFIX}pod_host_ip`]: status?.hostIP ?? '',
    [`${PREFIX}pod_uid`]: metadata?.uid ?? '',
  }
  addObjectMeta(labels, metadata, 'pod')
  const controller = controllerOf(metadata)
  if (controller !== undefined) {
    labels[`${PREFIX}pod_controller_kind`] = controller.kind
    labels[`${PREFIX}pod_controller_name`] = controller.name
  }
  return labels
}

/** All containers, the ordinary ones first. */
export function containersOf(pod: Pod): { readonly container: Container; readonly isInit: boolean }[] {
  return [
    ...(pod.spec?.containers ?? []).map(container => ({ container, isInit: false })),
    ...(pod.spec?.initContainers ?? []).map(container => ({ container, isInit: true })),
  ]
}

/** @param id of the running container; left out where it is not told. */
export function containerLabels(container: Container, isInit: boolean, id?: string): MetaLabels {
  return {
    [`${PREFIX}pod_container_name`]: container.name,
    [`${PREFIX}pod_container_image`]: container.image ?? '',
    [`${PREFIX}pod_container_init`]: String(isInit),
    ...(id === undefined ? {} : { [`${PREFIX}pod_container_id`]: id }),
  }
}

export function portLabels(port: ContainerPort): MetaLabels {
  return {
    [`${PREFIX}pod_container_port_name`]: port.name ?? '',
    [`${PREFIX}pod_container_port_number`]: String(port.containerPort),
    [`${PREFIX}pod_container_port_protocol`]: port.protocol ?? '',
  }
}

function containerId(statuses: readonly ContainerStatus[], name: string): string {
  return statuses.find(status => status.name === name)?.containerID ?? ''
}
