import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Container, Service } from 'kubernetes-types/core/v1.js'
import { FORMATS_ANNOTATION, METRICS_PORT, PROFILE_ANNOTATION, TCP_PORT } from '../kubelet/index.ts'
import type { ContainerSpec, WorkloadSpec } from '../messages.ts'
import { RUNS_ANNOTATION } from '../stages/index.ts'

const RESOURCES = { requests: { cpu: '100m', memory: '128Mi' } }

/** The Deployment and the Service of a workload, as somebody would write them; defaults are the API's affair. */
export function workloadObjects(workload: WorkloadSpec): {
  readonly deployment: Deployment
  readonly service: Service
} {
  const { namespace, name, replicas, port, labels, service, maxSurge, maxUnavailable } = workload
  const app = { app: service }
  return {
    deployment: {
      metadata: { namespace, name, labels: { ...workload.selector } },
      spec: {
        replicas,
        selector: { matchLabels: { ...workload.selector } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
        template: {
          metadata: {
            labels: { ...labels },
            annotations: annotationsOf(workload),
          },
          spec: { containers: containersOf(workload) },
        },
      },
    },
    service: {
      metadata: { namespace, name: service, labels: app },
      spec: { selector: app, ports: [{ name: METRICS_PORT, port, targetPort: METRICS_PORT, protocol: 'TCP' }] },
    },
  }
}

/** Several containers are scraped at the ports that they declare; one, at the port that is annotated as usual. */
function annotationsOf({ port, profile, containers, formats }: WorkloadSpec): Record<string, string> {
  const scraped = {
    ...(formats === undefined ? {} : { [FORMATS_ANNOTATION]: formats.join(',') || 'text' }),
    'prometheus.io/scrape': 'true',
  }
  if (containers === undefined) {
    return { [PROFILE_ANNOTATION]: profile, 'prometheus.io/port': String(port), ...scraped }
  }
  const says = containers.map(container =>
    container.runs === undefined
      ? [`${PROFILE_ANNOTATION}.${container.name}`, container.profile ?? '']
      : [`${RUNS_ANNOTATION}.${container.name}`, container.runs],
  )
  return { ...(Object.fromEntries(says) as Record<string, string>), ...scraped }
}

function containersOf({ name, port, profile, containers }: WorkloadSpec): Container[] {
  if (containers === undefined) {
    const ports = [{ name: METRICS_PORT, containerPort: port, protocol: 'TCP' }]
    return [{ name, image: imageOf(profile), ports, resources: RESOURCES }]
  }
  const taken = { [METRICS_PORT]: 0, [TCP_PORT]: 0 }
  return containers.map(container => {
    const base = container.metrics ? METRICS_PORT : TCP_PORT
    const count = container.port === undefined ? 0 : ++taken[base]
    const portName = count > 1 ? `${base}-${count}` : base
    return {
      name: container.name,
      image: imageOf(programOf(container)),
      ...(container.command === undefined ? {} : { command: [...container.command] }),
      ...(container.command === undefined ? {} : { env: VARIABLES }),
      ...(container.port === undefined
        ? {}
        : { ports: [{ name: portName, containerPort: container.port, protocol: 'TCP' }] }),
      resources: RESOURCES,
    }
  })
}

function programOf({ profile, runs, command }: ContainerSpec): string {
  return profile ?? (command?.[0] === undefined ? runs! : command[0].replace(/^.*\//, ''))
}

/** Of a profile's text only its name: `synthetic?gauges=5` and `from:page.prom` have more. */
function imageOf(what: string): string {
  return `registry.churnbench.io/${what.replace(/[?:].*$/s, '')}:1.0`
}

/** What a command may name, as a Pod asks for it. */
const VARIABLES = [
  ['POD_IP', 'status.podIP'],
  ['POD_NAME', 'metadata.name'],
  ['POD_NAMESPACE', 'metadata.namespace'],
  ['NODE_NAME', 'spec.nodeName'],
].map(([name, fieldPath]) => ({ name: name!, valueFrom: { fieldRef: { fieldPath: fieldPath! } } }))
