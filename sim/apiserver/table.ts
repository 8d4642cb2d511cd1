import type { ResourceType, Stored } from '../cluster/index.ts'
import type { ListMeta } from './representation.ts'
import { bookmarkObject, partialObject, type TextForm } from './text-form.ts'
import { layoutOf } from './table-columns.ts'

/** What rows carry besides their cells: `?includeObject=` of the request. */
export type IncludeObject = 'Metadata' | 'Object' | 'None'

const TABLE_VERSION = 'meta.k8s.io/v1'

/**
 * Objects as rows of a table, which is how kubectl prints: the server knows the columns, not the client.
 *
 * Rows are made afresh each time, since ages change. `nowMs` is the store's time, which stamped the objects.
 */
export function tableForm(nowMs: () => number, type: ResourceType, include: IncludeObject): TextForm {
  const layout = layoutOf(type)
  const row = (object: Stored): string =>
    JSON.stringify({
      cells: layout.cells(object, nowMs()),
      object: include === 'None' ? null : include === 'Object' ? object : partialObject(object),
    })
  const head = (meta: ListMeta): string =>
    `{"kind":"Table","apiVersion":"${TABLE_VERSION}","metadata":${JSON.stringify(meta)},` +
    `"columnDefinitions":${JSON.stringify(layout.columns)},"rows":[`
  const single = (object: Stored): string =>
    `${head({ resourceVersion: object.metadata.resourceVersion })}${row(object)}]}`
  return {
    object: single,
    listHead: head,
    item: row,
    listTail: ']}\n',
    watched: single,
    bookmark: (resourceVersion, annotations) => {
      const object = JSON.parse(
        bookmarkObject(TABLE_VERSION, 'PartialObjectMetadata', resourceVersion, annotations),
      ) as unknown
      const table = {
        kind: 'Table',
        apiVersion: TABLE_VERSION,
        metadata: { resourceVersion: String(resourceVersion) },
        columnDefinitions: layout.columns,
        rows: [{ cells: layout.columns.map(() => ''), object }],
      }
      return JSON.stringify(table)
    },
  }
}
