import type { Affinity, Node, PodSpec } from 'kubernetes-types/core/v1.js'
import { nodeChoice, type NodeWishes } from './scheduling/node-affinity.ts'

/** The one field of a node that affinity can name. */
const NAME_FIELD = 'metadata.name'

/** Whether a node has what a pod requires of it: `nodeSelector` and the required node affinity. */
export function meetsRequirements({ metadata }: Node, spec: NodeWishes | undefined): boolean {
  const choice = nodeChoice(spec)
  return choice === undefined || choice.allows({ name: metadata?.name ?? '', labels: metadata?.labels ?? {} })
}

/** The node that a pod's required affinity names, if it names one alone: how a DaemonSet says where its pods belong. */
export function pinnedNode(spec: PodSpec | undefined): string | undefined {
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (terms?.length !== 1) return undefined
  const field = terms[0]!.matchFields?.find(({ key, operator }) => key === NAME_FIELD && operator === 'In')
  return field?.values?.length === 1 ? field.values[0] : undefined
}

/** A pod's affinity with the node instead of what it required of nodes before; all else stays. */
export function pinnedTo(affinity: Affinity | undefined, node: string): Affinity {
  const nodeSelectorTerms = [{ matchFields: [{ key: NAME_FIELD, operator: 'In', values: [node] }] }]
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } }
  return { ...affinity, nodeAffinity: { ...affinity?.nodeAffinity, ...required } }
}
