import type { Affinity, Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from 'kubernetes-types/core/v1.js'

/** The one field of a node that affinity can name. */
const NAME_FIELD = 'metadata.name'

/** Whether a node has what a pod requires of it: `nodeSelector` and the required node affinity. */
export function meetsRequirements(node: Node, spec: Pick<PodSpec, 'nodeSelector' | 'affinity'> | undefined): boolean {
  for (const [key, value] of Object.entries(spec?.nodeSelector ?? {})) {
    if (node.metadata?.labels?.[key] !== value) return false
  }
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return required === undefined || required.nodeSelectorTerms.some(term => matchesTerm(node, term))
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

/** A term without requirements matches nothing. */
function matchesTerm({ metadata }: Node, { matchExpressions = [], matchFields = [] }: NodeSelectorTerm): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false
  return (
    matchExpressions.every(requirement => satisfies(requirement, metadata?.labels?.[requirement.key])) &&
    matchFields.every(requirement => requirement.key === NAME_FIELD && satisfies(requirement, metadata?.name ?? ''))
  )
}

function satisfies({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return isInteger(value) && isInteger(values[0]) && Number(value) > Number(values[0])
    case 'Lt':
      return isInteger(value) && isInteger(values[0]) && Number(value) < Number(values[0])
    default:
      return false
  }
}

function isInteger(text: string | undefined): boolean {
  return text !== undefined && /^-?\d+$/.test(text)
}
