import type { PodSpec } from 'kubernetes-types/core/v1.js'
import type { LabelSelector } from 'kubernetes-types/meta/v1.js'
import { formatLabelSelector, type KubeObject, type ResourceType, type Stored } from '../cluster/index.ts'
import { ageOf } from './human-duration.ts'

export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'boolean' | 'date'
  readonly format: '' | 'name'
  readonly description: string
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: number
}

export type Cell = string | number | boolean

/** The columns of a kind, and the cells of one object in the same order. */
export interface TableLayout {
  readonly columns: readonly Column[]
  cells(object: Stored, nowMs: number): Cell[]
}

export type LayoutOfKind = readonly [ResourceType, TableLayout]

export const NONE = '<none>'
export const UNSET = '<unset>'

const MARKS: Readonly<Record<string, Column['type']>> = { '#': 'integer', '?': 'boolean', '@': 'date' }

/**
 * `Name` comes first nearly everywhere. Marks at the end of a name: `*` for the columns of `-o wide`, `#` for numbers, `?`
 * for yes and no, `@` for times.
 */
export function layout<T extends KubeObject>(
  names: readonly string[],
  cells: (object: Stored<T>, nowMs: number) => Cell[],
): TableLayout {
  const columns = names.map((name): Column => {
    const [, bare, marks] = /^(.*?)([*#?@]*)$/.exec(name)!
    const mark = marks!.replaceAll('*', '')
    return {
      name: bare!,
      type: MARKS[mark] ?? 'string',
      format: bare === 'Name' && names[0] === name ? 'name' : '',
      description: '',
      priority: marks!.includes('*') ? 1 : 0,
    }
  })
  return { columns, cells: (object, nowMs) => cells(object as Stored<T>, nowMs) }
}

export function age({ metadata }: Stored, nowMs: number): string {
  return ageOf(metadata.creationTimestamp, nowMs)
}

export function templateCells(spec: PodSpec | undefined): [containers: string, images: string] {
  const containers = spec?.containers ?? []
  return [containers.map(({ name }) => name).join(','), containers.map(({ image }) => image ?? '').join(',')]
}

export function selectorCell(selector: LabelSelector | undefined): string {
  return orNone(formatLabelSelector(selector))
}

export function firstAndMore(items: readonly string[], max: number, none = NONE): string {
  if (items.length === 0) return none
  const shown = items.slice(0, max).join(',')
  return items.length > max ? `${shown} + ${items.length - max} more...` : shown
}

export function orNone(value: string | undefined): string {
  return value === undefined || value === '' ? NONE : value
}
