import type { ManagedFieldsEntry, ObjectMeta } from 'kubernetes-types/meta/v1.js'
import type { Schema } from '../schema/index.ts'
import { type Comparison, compare, fieldsOf } from './compare.ts'
import { isSame } from './elements.ts'
import { FieldSet } from './field-set.ts'
import {
  capUpdateManagers,
  isReadable,
  keyOf,
  type Managed,
  type Managers,
  readManagers,
  type Workflow,
  writeManagers,
} from './managers.ts'
import { merge, without, withoutNulls } from './merge.ts'
import { withZeroValues } from './zero-values.ts'

/** An object as far as it is merged: its meta data is part of it, who manages it is not. */
interface KubeObject {
  readonly metadata?: ObjectMeta
}

/** A path that an apply would change and somebody else owns. */
export interface Conflict {
  readonly workflow: Workflow
  readonly time: string | undefined
  /** `.spec.replicas` */
  readonly path: string
}

/** Thrown by `apply` without `force`. */
export class ConflictError extends Error {
  readonly conflicts: readonly Conflict[]

  constructor(conflicts: readonly Conflict[]) {
    super('apply conflicts')
    this.conflicts = conflicts
  }
}

export interface Applied<T> {
  readonly object: T
  readonly managedFields: ManagedFieldsEntry[] | undefined
  /** The object is other than it was, who manages it aside. */
  readonly isChanged: boolean
}

/** What belongs to the server, and is nobody's field. */
const SERVERS_OWN = FieldSet.parse({
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    '.': {},
    'f:name': {},
    'f:namespace': {},
    'f:creationTimestamp': {},
    'f:selfLink': {},
    'f:uid': {},
    'f:generation': {},
    'f:managedFields': {},
    'f:resourceVersion': {},
  },
})
const BEFORE_FIRST_APPLY = 'before-first-apply'

export interface TrackOptions {
  /** RFC 3339 with whole seconds. */
  readonly now: string
  /** The kind is built in (see `withZeroValues`); objects of other kinds are what they say. */
  readonly isBuiltIn: boolean
}

/**
 * Who manages an object after a create, update or patch: the writer gets what it added or changed, and everybody else loses
 * that. `live` is `undefined` for a new object. Neither object is changed.
 *
 * @param options.sent what the client says of who manages what so far: taken for that, where it can be read
 */
export function afterUpdate(
  schema: Schema,
  live: KubeObject | undefined,
  next: KubeObject,
  workflow: Workflow,
  options: TrackOptions & { readonly sent?: readonly ManagedFieldsEntry[] | undefined },
): ManagedFieldsEntry[] | undefined {
  const { sent = [] } = options
  if (live !== undefined && isReset(options.sent)) return undefined
  const before = sent.length > 0 && sent.every(isReadable) ? sent : live?.metadata?.managedFields
  // Nobody has ever tracked this object: it came from the simulation itself.
  if (live !== undefined && (before ?? []).length === 0) return undefined
  const managers = readManagers(before)
  // Tracked under a name of its own first: what the writer owns already and leaves as it is does not make it newer.
  track(schema, bare(live ?? {}), bare(next), managers, workflow, options)
  capUpdateManagers(managers)
  return writeManagers(managers)
}

/** An empty list, or one empty entry: the client wants all of it forgotten. */
function isReset(sent: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (sent === undefined) return false
  return sent.length === 0 || (sent.length === 1 && Object.keys(sent[0]!).length === 0)
}

/**
 * Server-side apply: lays `config` over `live`, takes away what this manager applied before and no longer does, and says who
 * manages what afterwards. Neither is changed.
 *
 * @throws ConflictError when somebody else owns what would change, unless `force`.
 */
export function apply<T extends KubeObject>(
  schema: Schema,
  live: T | undefined,
  config: KubeObject,
  workflow: Workflow,
  options: TrackOptions & { readonly force: boolean },
): Applied<T> {
  const managers = readManagers(live?.metadata?.managedFields)
  const current = bare(live ?? {})
  if (live !== undefined && managers.size === 0) {
    track(schema, {}, current, managers, { ...workflow, manager: BEFORE_FIRST_APPLY, operation: 'Update' }, options)
  }
  const key = keyOf(workflow)
  const last = managers.get(key)
  const all = fieldsOf(schema, config)
  const fields = all.difference(SERVERS_OWN)
  // Name and namespace, too: with the last label that goes, they would go.
  managers.set(key, { workflow, fields: all, time: last?.time })
  const merged = merge(schema, current, config)
  const next = last === undefined ? merged : prune(schema, merged, managers, last.fields)
  takeOver(difference(schema, current, next, options), managers, key, options.force)
  setFields(managers, key, managers.get(key)!, fields)
  const object = withoutNulls(next)
  const isChanged = !isSame(current, object)
  const owned = managers.get(key)
  if (owned !== undefined && (isChanged || last === undefined || !isSame(last.fields.toJson(), fields.toJson()))) {
    managers.set(key, { ...owned, time: options.now })
  }
  return { object: object as T, managedFields: writeManagers(managers), isChanged }
}

function track(
  schema: Schema,
  live: KubeObject,
  next: KubeObject,
  managers: Managers,
  workflow: Workflow,
  options: TrackOptions,
): void {
  const key = keyOf(workflow)
  const comparison = difference(schema, live, next, options)
  takeOver(comparison, managers, key, true)
  const taken = comparison.modified.union(comparison.added).difference(SERVERS_OWN)
  const before = managers.get(key)
  const fields = (before?.fields.difference(comparison.removed) ?? new FieldSet()).union(taken)
  if (fields.isEmpty) managers.delete(key)
  else managers.set(key, { workflow, fields, time: taken.isEmpty ? before?.time : options.now })
}

function difference(schema: Schema, live: unknown, next: unknown, { isBuiltIn }: TrackOptions): Comparison {
  return isBuiltIn
    ? compare(schema, withZeroValues(schema, live), withZeroValues(schema, next))
    : compare(schema, live, next)
}

/** What changed is no longer anybody else's; what is gone, nobody's. */
function takeOver(comparison: Comparison, managers: Managers, own: string, force: boolean): void {
  const changed = comparison.modified.union(comparison.added)
  const conflicts: Conflict[] = []
  for (const [key, managed] of managers) {
    if (key === own) continue
    const lost = managed.fields.intersection(changed)
    for (const path of lost.paths()) conflicts.push({ workflow: managed.workflow, time: managed.time, path })
    if (!force) continue
    setFields(managers, key, managed, managed.fields.difference(lost).difference(comparison.removed))
  }
  if (force) return
  if (conflicts.length > 0) throw new ConflictError(conflicts)
  for (const [key, managed] of managers) {
    if (key !== own) setFields(managers, key, managed, managed.fields.difference(comparison.removed))
  }
}

function setFields(managers: Managers, key: string, managed: Managed, fields: FieldSet): void {
  if (fields.isEmpty) managers.delete(key)
  else managers.set(key, { ...managed, fields })
}

/**
 * Takes out what the manager applied last time and does not apply now, unless somebody else owns it too. What comes with it
 * and was never applied stays.
 */
function prune(schema: Schema, merged: unknown, managers: Managers, last: FieldSet): unknown {
  const named = (set: FieldSet): FieldSet => set.withNamedFields(schema)
  const all = named(fieldsOf(schema, merged))
  const owned = named([...managers.values()].reduce((sum, { fields }) => sum.union(fields), new FieldSet()))
  const bare = without(schema, merged, named(last))
  const withOwned = without(schema, merged, all.difference(named(fieldsOf(schema, bare ?? {})).union(owned)))
  const kept = named(fieldsOf(schema, withOwned ?? {}))
  return without(schema, merged, all.difference(kept).intersection(named(last)))
}

function bare<T extends KubeObject>(object: T): T {
  if (object.metadata?.managedFields === undefined) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}
