import type { ChurnEvent } from '../churn-event.ts'
import type { Ignored } from './trace-diff.ts'

/** An event, and to whom its pod belongs. */
export interface OwnedEvent {
  readonly event: ChurnEvent
  readonly line: number
  /** Of an event of a pod: `shop/Deployment/cart`. */
  readonly owner: string | undefined
}

export interface SameOptions {
  readonly ignored: ReadonlySet<Ignored>
  /** Times that are no further apart are the same. */
  readonly toleranceMs: number
}

/** Labels that hold a part of a name. */
const NAMING_LABELS: ReadonlySet<string> = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'statefulset.kubernetes.io/pod-name',
  'batch.kubernetes.io/job-name',
  'batch.kubernetes.io/controller-uid',
  'controller-uid',
  'job-name',
])
const NONE: ReadonlySet<string> = new Set()

/** Fields in which two events differ, in any order; none when they are the same. */
export function differingFields(a: OwnedEvent, b: OwnedEvent, { ignored, toleranceMs }: SameOptions): string[] {
  const fields: string[] = []
  const left = a.event as unknown as Readonly<Record<string, unknown>>
  const right = b.event as unknown as Readonly<Record<string, unknown>>
  const isPod = a.event.kind === 'pod' && b.event.kind === 'pod'
  const byOwner = isPod && ignored.has('names')
  if (byOwner && a.owner !== b.owner) fields.push('owner')
  for (const key in left) {
    if (isIgnored(key, ignored, byOwner)) continue
    if (key === 't') {
      if (Math.abs(a.event.t - b.event.t) > toleranceMs) fields.push('t')
    } else if (!isSame(left[key], right[key], byOwner && key === 'labels' ? NAMING_LABELS : NONE)) {
      fields.push(key)
    }
  }
  for (const key in right) {
    if (!(key in left) && right[key] !== undefined && !isIgnored(key, ignored, byOwner)) fields.push(key)
  }
  return fields
}

function isIgnored(key: string, ignored: ReadonlySet<Ignored>, byOwner: boolean): boolean {
  switch (key) {
    case 't':
      return ignored.has('times')
    case 'uid':
      return ignored.has('uids')
    case 'address':
      return ignored.has('addresses')
    case 'node':
      return ignored.has('nodes')
    case 'name':
    case 'owner':
      return byOwner
    default:
      return false
  }
}

/** Of JSON values; `except` are keys of the outermost object that do not count. */
function isSame(a: unknown, b: unknown, except: ReadonlySet<string> = NONE): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const left = a as Readonly<Record<string, unknown>>
  const right = b as Readonly<Record<string, unknown>>
  for (const key in left) if (!except.has(key) && !isSame(left[key], right[key])) return false
  for (const key in right) if (!except.has(key) && !(key in left)) return false
  return true
}
