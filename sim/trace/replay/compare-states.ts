import { isDeepStrictEqual } from 'node:util'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Stored } from '../../cluster/index.ts'
import { Nodes, type ObjectStore, Pods, Services } from '../../cluster/index.ts'
import type { Transition } from '../churn-event.ts'
import { TraceState } from '../trace-state.ts'
import { transitionsOf } from '../transitions.ts'
import type { StateComparison } from './replay-spec.ts'
import { WORKLOADS } from './workload-kinds.ts'

const EXAMPLES_MAX = 20

/**
 * What there is in a store, as a trace would tell it: read from the objects themselves, whatever was recorded.
 *
 * @param translated takes back what was added for the replay.
 */
export function stateOfStore(
  store: Pick<ObjectStore, 'list' | 'get'>,
  translated: (transition: Transition) => Transition = transition => transition,
): TraceState {
  const state = new TraceState()
  // Pods may be left of a node that is gone.
  const gone = new Set<string>()
  for (const { spec } of store.list<Pod>(Pods)) {
    if (spec?.nodeName !== undefined && store.get(Nodes, undefined, spec.nodeName) === undefined)
      gone.add(spec.nodeName)
  }
  for (const name of gone) state.apply({ t: 0, kind: 'node', op: 'added', name })
  for (const type of [Nodes, ...Object.values(WORKLOADS), Services, Pods]) {
    for (const object of store.list(type)) {
      const change = { type: 'ADDED', kind: type.kind, object: object as Stored, previous: undefined } as const
      for (const transition of transitionsOf(change)) state.apply({ t: 0, ...translated(transition) })
    }
  }
  for (const name of gone) state.apply({ t: 0, kind: 'node', op: 'removed', name })
  return state
}

type Kind = 'nodes' | 'workloads' | 'services' | 'pods'

/** What is compared of each object of a kind; a kind that is not named is not compared. */
export type ComparedFields = Readonly<Partial<Record<Kind, readonly string[]>>>

/** All that an exact replay must reproduce. Causes and reasons that no API shows are not in it. */
export const EXACT_FIELDS: ComparedFields = {
  nodes: ['labels', 'ready'],
  workloads: ['replicas', 'selector', 'strategy', 'labels', 'annotations', 'containers'],
  services: ['labels', 'selector', 'ports'],
  pods: [
    'namespace',
    'name',
    'owner',
    'labels',
    'annotations',
    'containers',
    'node',
    'addressed',
    'address',
    'ready',
    'restarts',
    'ended',
    'graceS',
  ],
}

/** What people asked for and what befell nodes; the rest is the simulation's. */
export const INTENT_FIELDS: ComparedFields = {
  nodes: [],
  workloads: ['replicas', 'labels'],
  services: ['selector'],
}

/** Two states, object by object. */
export function compareStates(planned: TraceState, achieved: TraceState, fields: ComparedFields): StateComparison {
  const examples: string[] = []
  let compared = 0
  let different = 0
  const tell = (sentence: string): void => {
    different++
    if (examples.length < EXAMPLES_MAX) examples.push(sentence)
  }
  for (const kind of Object.keys(fields) as Kind[]) {
    const wanted: ReadonlyMap<string, object> = planned[kind]
    const found: ReadonlyMap<string, object> = achieved[kind]
    const one = kind.slice(0, -1)
    for (const [key, object] of wanted) {
      compared++
      const other = found.get(key)
      if (other === undefined) {
        tell(`${one} ${nameOf(object, key)} is in the trace and not in the cluster`)
        continue
      }
      const differing = differingFields(object, other, fields[kind]!)
      if (differing.length > 0) tell(`${one} ${nameOf(object, key)} differs in ${differing.join(', ')}`)
    }
    for (const [key, object] of found) {
      if (wanted.has(key)) continue
      compared++
      tell(`${one} ${nameOf(object, key)} is in the cluster and not in the trace`)
    }
  }
  return { equal: different === 0, compared, different, examples }
}

function differingFields(a: object, b: object, fields: readonly string[]): string[] {
  const left = a as Readonly<Record<string, unknown>>
  const right = b as Readonly<Record<string, unknown>>
  return fields.filter(field => !isDeepStrictEqual(plain(left[field]), plain(right[field])))
}

/** Without what is `undefined`. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}

function nameOf(object: object, key: string): string {
  const { namespace, name } = object as { readonly namespace?: string; readonly name?: string }
  return namespace === undefined ? (name ?? key) : `${namespace}/${name}`
}
