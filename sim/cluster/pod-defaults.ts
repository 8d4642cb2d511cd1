import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'

/** Defaults that pods and pod templates share. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ??= 'Always'
  spec.terminationGracePeriodSeconds ??= 30
  spec.dnsPolicy ??= 'ClusterFirst'
  spec.schedulerName ??= 'default-scheduler'
  spec.securityContext ??= {}
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) defaultContainer(container)
}

function defaultContainer(container: Container): void {
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
  container.imagePullPolicy ??= pullPolicy(container.image ?? '')
  const resources = (container.resources ??= {})
  if (resources.limits !== undefined) resources.requests = { ...resources.limits, ...resources.requests }
  for (const port of container.ports ?? []) port.protocol ??= 'TCP'
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe === undefined) continue
    probe.timeoutSeconds ??= 1
    probe.periodSeconds ??= 10
    probe.successThreshold ??= 1
    probe.failureThreshold ??= 3
    if (probe.httpGet !== undefined) {
      probe.httpGet.path ??= '/'
      probe.httpGet.scheme ??= 'HTTP'
    }
  }
}

/** `Always` for `latest`, also when unsaid; a digest or any other tag never changes. */
function pullPolicy(image: string): string {
  if (image.includes('@')) return 'IfNotPresent'
  const tag = /:([^/:]+)$/.exec(image)?.[1] ?? 'latest'
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}
