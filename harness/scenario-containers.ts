import type { ContainerInput } from '../scenarios/index.ts'
import { type ContainerSpec, LEARNED_PREFIX, profileFaults } from '../sim/index.ts'

/** Where a Memcached listens, and where its exporter does, unless said. */
const MEMCACHED_PORT = 11211
const EXPORTER_PORT = 9150

const VARIABLE = /\$\{?(POD_IP|POD_NAME|POD_NAMESPACE|NODE_NAME)\b\}?/g

/** The containers of a workload's pods, complete; faults are noted. `undefined` where the workload lists none. */
export function completeContainers(
  inputs: readonly ContainerInput[] | undefined,
  workload: string,
  faults: string[],
): readonly ContainerSpec[] | undefined {
  if (inputs === undefined) return undefined
  const fault = (i: number, text: string): unknown => faults.push(`${workload}.containers.${i}${text}`)
  const containers = inputs.map((input, i) => {
    const does = (['profile', 'simulates', 'process'] as const).filter(kind => input[kind] !== undefined)
    if (does.length !== 1) fault(i, `: must have one of profile, simulates and process`)
    // That the page to learn from is there is seen when it is read.
    if (input.profile !== undefined && !input.profile.startsWith(LEARNED_PREFIX)) {
      for (const each of profileFaults(input.profile)) fault(i, `.profile: ${each}`)
    }
    const complete = completed(input)
    if (complete.metrics && complete.port === undefined) fault(i, '.port: is missing; metrics are scraped there')
    if (input.process !== undefined && !input.process.some(text => /\$\{?POD_IP\b/.test(text))) {
      fault(i, '.process: must name $POD_IP, the address that it may listen on')
    }
    if (input.simulates === 'memcached-client' && input.port !== undefined) fault(i, '.port: a client has none')
    return complete
  })
  const repeated = (values: readonly unknown[]): number =>
    values.findIndex((value, i) => value !== undefined && values.indexOf(value) !== i)
  const name = repeated(containers.map(container => container.name))
  if (name >= 0) fault(name, `.name: "${containers[name]!.name}" is the name of another container of the pod`)
  const port = repeated(containers.map(container => container.port))
  if (port >= 0) fault(port, `.port: ${containers[port]!.port} is that of another container of the pod`)
  return containers
}

function completed({ name, profile, simulates, process, port, metrics }: ContainerInput): ContainerSpec {
  const usual =
    simulates === 'memcached' ? MEMCACHED_PORT : simulates === 'memcached-exporter' ? EXPORTER_PORT : undefined
  const number = port ?? usual ?? (profile === undefined ? undefined : 8080)
  return {
    name,
    ...(number === undefined ? {} : { port: number }),
    metrics: metrics ?? (profile !== undefined || simulates === 'memcached-exporter'),
    ...(profile === undefined ? {} : { profile }),
    ...(simulates === undefined ? {} : { runs: simulates }),
    // As a Pod writes it: the kubelet fills it in.
    ...(process === undefined
      ? {}
      : { runs: 'process', command: process.map(text => text.replace(VARIABLE, '$($1)')) }),
  }
}
