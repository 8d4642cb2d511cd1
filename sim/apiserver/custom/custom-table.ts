import { JSONPath } from 'jsonpath-plus'
import { type ResourceType, type Stored } from '../../cluster/index.ts'
import { ageOf } from '../human-duration.ts'
import type { Cell, TableLayout } from '../table-layout.ts'
import type { DefinitionVersion, PrinterColumn } from './definition.ts'

const layouts = new WeakMap<ResourceType, TableLayout>()
const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

/** Takes over the columns that a version declares. Without any there is the age, as in Kubernetes. */
export function declareColumns(type: ResourceType, { additionalPrinterColumns }: DefinitionVersion): void {
  const declared = additionalPrinterColumns ?? [AGE]
  layouts.set(type, {
    columns: [
      { name: 'Name', type: 'string', format: 'name' as const, description: '', priority: 0 },
      ...declared.map(({ name, type: columnType, description, priority }) => ({
        name,
        type: columnType === 'integer' ? ('integer' as const) : ('string' as const),
        format: '' as const,
        description: description ?? '',
        priority: priority ?? 0,
      })),
    ],
    cells: (object, nowMs) => [object.metadata.name, ...declared.map(column => cellOf(column, object, nowMs))],
  })
}

/** The columns of a custom resource; `undefined` for other types. */
export function customLayout(type: ResourceType): TableLayout | undefined {
  return layouts.get(type)
}

function cellOf({ jsonPath, type }: PrinterColumn, object: Stored, nowMs: number): Cell {
  // Nothing is evaluated: filters compare what they name.
  const found: unknown = JSONPath({ path: `$${jsonPath}`, json: object, eval: 'safe' })
  const [value] = Array.isArray(found) ? (found as unknown[]) : []
  if (value === undefined || value === null) return ''
  if (type === 'date') return typeof value === 'string' ? ageOf(value, nowMs) : ''
  if (typeof value === 'number') return value
  return typeof value === 'string' ? value : JSON.stringify(value)
}
