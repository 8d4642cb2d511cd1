import type { WorkloadSpec } from './messages.ts'

/** A workload with nothing out of the ordinary, and a Service of its own: for what the simulation does to itself. */
export function plainWorkload(namespace: string, name: string, replicas: number): WorkloadSpec {
  return {
    namespace,
    name,
    replicas,
    port: 8080,
    profile: 'web-service',
    labels: { app: name },
    selector: { app: name },
    service: name,
    maxSurge: '25%',
    maxUnavailable: '25%',
  }
}
