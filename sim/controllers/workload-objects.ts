import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Service } from 'kubernetes-types/core/v1.js'
import { FORMATS_ANNOTATION, METRICS_PORT, PROFILE_ANNOTATION } from '../kubelet/index.ts'
import type { WorkloadSpec } from '../messages.ts'

/** The Deployment and the Service of a workload, as somebody would write them; defaults are the API's affair. */
export function workloadObjects(workload: WorkloadSpec): {
  readonly deployment: Deployment
  readonly service: Service
} {
  const { namespace, name, replicas, port, profile, labels, service, maxSurge, maxUnavailable } = workload
  const app = { app: service }
  const { formats } = workload
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
            annotations: {
              [PROFILE_ANNOTATION]: profile,
              ...(formats === undefined ? {} : { [FORMATS_ANNOTATION]: formats.join(',') || 'text' }),
              'prometheus.io/port': String(port),
              'prometheus.io/scrape': 'true',
            },
          },
          spec: {
            containers: [
              {
                name,
                image: `registry.churnbench.io/${imageOf(profile)}:1.0`,
                ports: [{ name: METRICS_PORT, containerPort: port, protocol: 'TCP' }],
                resources: { requests: { cpu: '100m', memory: '128Mi' } },
              },
            ],
          },
        },
      },
    },
    service: {
      metadata: { namespace, name: service, labels: app },
      spec: { selector: app, ports: [{ name: METRICS_PORT, port, targetPort: METRICS_PORT, protocol: 'TCP' }] },
    },
  }
}

/** Of a profile's text only its name: `synthetic?gauges=5` and `from:page.prom` have more. */
function imageOf(profile: string): string {
  return profile.replace(/[?:].*$/s, '')
}
