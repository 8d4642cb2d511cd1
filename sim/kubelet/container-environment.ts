import type { Container, Pod } from 'kubernetes-types/core/v1.js'

/** What fields of a pod are before its status says so. */
export interface EnvironmentPlace {
  readonly address: string
  readonly node: string
}

type Environment = Readonly<Record<string, string>>

/**
 * The variables of a container: what its pod is and where, which every container is told here (`POD_IP`, `POD_NAME`,
 * `POD_NAMESPACE`, `NODE_NAME`), and those of its spec whose values are written there or are fields of the pod.
 */
export function containerEnvironment(container: Container, pod: Pod, { address, node }: EnvironmentPlace): Environment {
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {}
  const out: Record<string, string> = { POD_IP: address, POD_NAME: name, POD_NAMESPACE: namespace, NODE_NAME: node }
  const fields: Environment = {
    'status.podIP': address,
    'metadata.name': name,
    'metadata.namespace': namespace,
    'metadata.uid': uid,
    'spec.nodeName': node,
  }
  for (const { name: key, value, valueFrom } of container.env ?? []) {
    const field = fields[valueFrom?.fieldRef?.fieldPath ?? '']
    if (value !== undefined) out[key] = expanded(value, out)
    else if (field !== undefined) out[key] = field
  }
  return out
}

/** As a kubelet fills in commands: `$(NAME)`; `$$(NAME)` stands for itself, and so does what nobody has defined. */
export function expanded(text: string, environment: Environment): string {
  return text.replace(/\$(\$\([A-Za-z_][-A-Za-z0-9_.]*\))|\$\(([A-Za-z_][-A-Za-z0-9_.]*)\)/g, (whole, escaped, name) =>
    escaped === undefined ? (environment[name as string] ?? whole) : escaped,
  )
}
