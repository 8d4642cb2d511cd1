import type { Stored } from '../../cluster/index.ts'
import { WORKLOAD_KINDS } from '../transitions.ts'
import type { ChangeType } from './object-tracker.ts'

/** What one JSON object of a kubectl stream says. */
export type KubectlEvent =
  | {
      readonly is: 'change'
      readonly type: ChangeType
      readonly kind: string
      readonly object: Stored
      /** Nobody said what happened to it. */
      readonly isPlain: boolean
    }
  /** The watch goes on; nothing happened. */
  | { readonly is: 'nothing' }
  /** A kind that a trace has no events for. */
  | { readonly is: 'foreign'; readonly kind: string }
  | { readonly is: 'fault'; readonly fault: string }

const KINDS: ReadonlySet<string> = new Set(['Pod', 'Node', 'Service', ...WORKLOAD_KINDS])
const TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED'])

/**
 * Reads what `kubectl get … -w -o json --output-watch-events` prints, or without the last flag: then the objects come
 * alone, and nobody says when one was deleted. A `List`, as kubectl prints without `-w`, is its items.
 */
export function* kubectlEvents(value: unknown): Generator<KubectlEvent> {
  const { type, object, kind, items } = fieldsOf(value)
  if (typeof type === 'string' && object !== undefined && kind === undefined) yield watchEvent(type, object)
  else if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)) {
    for (const item of items) yield change('ADDED', item, true, kind === 'List' ? undefined : kind.slice(0, -4))
  } else if (typeof kind === 'string') yield change('ADDED', value, true)
  else yield { is: 'fault', fault: 'is no watch event and no Kubernetes object: it has neither "type" nor "kind"' }
}

function watchEvent(type: string, object: unknown): KubectlEvent {
  if (type === 'BOOKMARK') return { is: 'nothing' }
  if (type === 'ERROR') {
    const { message, reason, code } = fieldsOf(object)
    const isText = (part: unknown): part is string => typeof part === 'string' && part !== ''
    const text = [message, reason].find(isText) ?? 'without a message'
    const number = typeof code === 'number' ? ` (${code})` : ''
    return { is: 'fault', fault: `is an ERROR of the API server: ${text}${number}` }
  }
  if (!TYPES.has(type)) return { is: 'fault', fault: `is a watch event of unknown type ${JSON.stringify(type)}` }
  return change(type as ChangeType, object, false)
}

function change(type: ChangeType, object: unknown, isPlain: boolean, listKind?: string): KubectlEvent {
  const { kind = listKind, metadata } = fieldsOf(object)
  const { name, uid, namespace } = fieldsOf(metadata)
  if (typeof kind !== 'string') return { is: 'fault', fault: 'has an object without "kind"' }
  if (!KINDS.has(kind)) return { is: 'foreign', kind }
  if (typeof name !== 'string' || typeof uid !== 'string') {
    return { is: 'fault', fault: `has a ${kind} without metadata.name or metadata.uid` }
  }
  if (kind !== 'Node' && typeof namespace !== 'string') {
    return { is: 'fault', fault: `has the ${kind} ${name} without metadata.namespace` }
  }
  return { is: 'change', type, kind, object: object as Stored, isPlain }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}
