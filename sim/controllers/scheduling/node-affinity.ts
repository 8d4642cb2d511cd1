import type { NodeSelectorTerm, Pod, PodSpec } from 'kubernetes-types/core/v1.js'
import type { NodeInfo } from './node-table.ts'

/** What of a pod speaks of nodes. */
export type NodeWishes = Pick<PodSpec, 'nodeSelector' | 'affinity'>

type Labels = Readonly<Record<string, string>>
type Test = (labels: Labels, name: string) => boolean

/** Which nodes a pod may run on, as far as names and labels of nodes go. */
export interface NodeChoice {
  /** `nodeSelector` and required affinity together. */
  readonly allows: (node: Pick<NodeInfo, 'name' | 'labels'>) => boolean
  /** The nodes that it names (`matchFields`), when it names all that it may run on. */
  readonly names: readonly string[] | undefined
  /** Labels with their values, one of which a node must have each. */
  readonly labels: readonly (readonly [label: string, values: readonly string[]])[]
}

/** What a pod says of the nodes that it may run on; `undefined` for one that does not care. */
export function nodeChoice(spec: NodeWishes | undefined): NodeChoice | undefined {
  const pairs = Object.entries(spec?.nodeSelector ?? {})
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (pairs.length === 0 && required === undefined) return undefined
  const terms = required?.map(termTest)
  const named = required?.map(namesOf) ?? []
  const isNamed = named.length > 0 && named.every(names => names !== undefined)
  // A label of the only term must be there as one of the selector must.
  const only = required?.length === 1 ? (required[0]!.matchExpressions ?? []) : []
  return {
    allows: ({ labels, name }) =>
      pairs.every(([label, value]) => labels[label] === value) &&
      (terms === undefined || terms.some(test => test(labels, name))),
    names: isNamed ? [...new Set(named.flat())] : undefined,
    labels: [
      ...pairs.map(([label, value]) => [label, [value]] as const),
      ...only.flatMap(({ key, operator, values = [] }) => (operator === 'In' ? [[key, values] as const] : [])),
    ],
  }
}

/** What a pod would like of its node: the sum of the weights of the terms that fit. `undefined` when it does not care. */
export function nodePreference({ spec }: Pod): ((node: NodeInfo) => number) | undefined {
  const preferred = spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  if (preferred.length === 0) return undefined
  const terms = preferred.map(({ weight, preference }) => ({ weight, test: termTest(preference) }))
  return ({ labels, name }) => terms.reduce((sum, { weight, test }) => sum + (test(labels, name) ? weight : 0), 0)
}

/** A term without requirements selects nothing. */
function termTest({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): Test {
  if (matchExpressions.length === 0 && matchFields.length === 0) return () => false
  const labels = matchExpressions.map(({ key, ...rest }) => ({ key, test: requirement(rest) }))
  const fields = matchFields.map(({ key, ...rest }) => ({ key, test: requirement(rest) }))
  return (has, name) =>
    labels.every(({ key, test }) => test(has[key])) &&
    fields.every(({ key, test }) => test(key === 'metadata.name' ? name : undefined))
}

function requirement({
  operator,
  values = [],
}: {
  readonly operator: string
  readonly values?: readonly string[]
}): (value: string | undefined) => boolean {
  switch (operator) {
    case 'In':
      return value => value !== undefined && values.includes(value)
    case 'NotIn':
      return value => value === undefined || !values.includes(value)
    case 'Exists':
      return value => value !== undefined
    case 'DoesNotExist':
      return value => value === undefined
    case 'Gt':
      return value => isWhole(value) && Number(value) > Number(values[0])
    case 'Lt':
      return value => isWhole(value) && Number(value) < Number(values[0])
    default:
      return () => false
  }
}

function isWhole(value: string | undefined): boolean {
  return value !== undefined && /^-?\d+$/.test(value)
}

function namesOf({ matchFields = [] }: NodeSelectorTerm): readonly string[] | undefined {
  return matchFields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In')?.values
}
