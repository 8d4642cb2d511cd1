import type { Container, HTTPGetAction, PodSpec, PodTemplateSpec, Probe } from 'kubernetes-types/core/v1.js'
import { canonicalResources } from './claim-defaults.ts'
import { defaultVolume } from './volume-defaults.ts'

/** Defaults that pods have and pod templates have not: requests that follow limits, ports of the host. */
export function defaultOwnPodSpec(spec: PodSpec): void {
  defaultPodSpec(spec)
  for (const { resources, ports } of containersOf(spec)) {
    if (resources?.limits !== undefined) resources.requests = { ...resources.limits, ...resources.requests }
    if (spec.hostNetwork !== true) continue
    for (const port of ports ?? []) port.hostPort ??= port.containerPort
  }
}

export function defaultTemplate(template: PodTemplateSpec): void {
  template.metadata ??= {}
  defaultPodSpec((template.spec ??= { containers: [] }))
}

/** Defaults that pods and pod templates share. */
function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ??= 'Always'
  spec.terminationGracePeriodSeconds ??= 30
  spec.dnsPolicy ??= 'ClusterFirst'
  spec.schedulerName ??= 'default-scheduler'
  spec.securityContext ??= {}
  if (spec.serviceAccountName !== undefined) spec.serviceAccount ??= spec.serviceAccountName
  else if (spec.serviceAccount !== undefined) spec.serviceAccountName = spec.serviceAccount
  for (const volume of spec.volumes ?? []) defaultVolume(volume)
  for (const container of containersOf(spec)) defaultContainer(container)
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container)
}

function containersOf(spec: PodSpec): Container[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])]
}

function defaultContainer(container: Container): void {
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
  container.imagePullPolicy ??= pullPolicy(container.image ?? '')
  const resources = (container.resources ??= {})
  for (const list of [resources.requests, resources.limits]) canonicalResources(list)
  for (const port of container.ports ?? []) port.protocol ??= 'TCP'
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef !== undefined) valueFrom.fieldRef.apiVersion ??= 'v1'
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe !== undefined) defaultProbe(probe)
  }
  for (const hook of [container.lifecycle?.postStart, container.lifecycle?.preStop]) defaultHttpGet(hook?.httpGet)
}

/** 0 is no choice either, in Kubernetes' eyes. */
function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  defaultHttpGet(probe.httpGet)
  if (probe.grpc !== undefined) probe.grpc.service ??= ''
}

function defaultHttpGet(action: HTTPGetAction | undefined): void {
  if (action === undefined) return
  action.path ||= '/'
  action.scheme ||= 'HTTP'
}

/** `Always` for `latest`, also when unsaid; a digest or any other tag never changes. */
function pullPolicy(image: string): string {
  const [name, digest] = image.split('@')
  const tag = /:([^/:]+)$/.exec(name!)?.[1] ?? (digest === undefined ? 'latest' : '')
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}
