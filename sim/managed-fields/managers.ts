import type { ManagedFieldsEntry } from 'kubernetes-types/meta/v1.js'
import { FieldSet } from './field-set.ts'

/** Who did something, in which version of the API and by which subresource. */
export interface Workflow {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
}

export interface Managed {
  readonly workflow: Workflow
  readonly fields: FieldSet
  readonly time: string | undefined
}

/** Who owns which fields of an object, by the key of the workflow. Changed in place. */
export type Managers = Map<string, Managed>

/** As in Kubernetes: the oldest updates beyond this many are put together. */
const UPDATE_MANAGERS_MAX = 10
const ANCIENT = 'ancient-changes'

/** An applier is the same in whatever version of the API it applies. */
export function keyOf({ manager, operation, apiVersion, subresource }: Workflow): string {
  return JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource])
}

/** Whether an entry is one that a server could have written. */
export function isReadable({ operation, apiVersion = '', fieldsType }: ManagedFieldsEntry): boolean {
  return (operation === 'Apply' || operation === 'Update') && apiVersion !== '' && fieldsType === 'FieldsV1'
}

/** Reads `metadata.managedFields`. */
export function readManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  const managers: Managers = new Map()
  for (const { manager = '', operation, apiVersion = '', subresource = '', time, fieldsV1 } of entries ?? []) {
    const workflow: Workflow = {
      manager,
      operation: operation === 'Apply' ? 'Apply' : 'Update',
      apiVersion,
      subresource,
    }
    managers.set(keyOf(workflow), { workflow, fields: FieldSet.parse(fieldsV1), time })
  }
  return managers
}

/** `metadata.managedFields`, in Kubernetes' order; `undefined` when nobody manages anything. */
export function writeManagers(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined
  return [...managers.values()]
    .sort((a, b) => compareText(orderOf(a), orderOf(b)))
    .map(({ workflow: { manager, operation, apiVersion, subresource }, fields, time }) => ({
      manager,
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: fields.toJson(),
      ...(subresource === '' ? {} : { subresource }),
    }))
}

/** Puts the oldest updates together where there are too many. */
export function capUpdateManagers(managers: Managers): void {
  const updaters = [...managers].filter(([, { workflow }]) => workflow.operation === 'Update')
  const surplus = updaters.length - UPDATE_MANAGERS_MAX
  if (surplus <= 0) return
  updaters.sort(([, a], [, b]) => compareText(orderOf(a), orderOf(b)))
  // One more, which makes room for the one that they become.
  for (const [key, { workflow, fields, time }] of updaters.slice(0, surplus + 1)) {
    managers.delete(key)
    const bucket: Workflow = { ...workflow, manager: ANCIENT, subresource: '' }
    const before = managers.get(keyOf(bucket))
    managers.set(keyOf(bucket), { workflow: bucket, fields: before?.fields.union(fields) ?? fields, time })
  }
}

function orderOf({ workflow: { manager, operation, apiVersion, subresource }, time = '' }: Managed): string {
  return [operation, time, manager, apiVersion, subresource].join('\n')
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
