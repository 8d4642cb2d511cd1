import path from 'node:path'
import { isMap, isScalar, isSeq, type Document, type Scalar } from 'yaml'
import type { TextEdit } from './text-edit.ts'

/** Lists of paths or of patterns for them. */
const PATH_LISTS = new Set(['rule_files', 'scrape_config_files', 'files'])

/** Below these, keys are the user's own words, whatever they look like. */
const FREE_KEYS = new Set(['labels', 'external_labels', 'params', 'annotations'])

/**
 * Edits that make relative paths in a `prometheus.yml` absolute, as Prometheus itself reads them: from the folder of
 * the configuration. These are the lists `rule_files`, `scrape_config_files`, `files`, and every `…_file`.
 */
export function pathEdits(doc: Document, source: string, folder: string): TextEdit[] {
  const edits: TextEdit[] = []
  const edit = (node: unknown): void => {
    if (isScalar(node) && typeof node.value === 'string') edits.push(...absolute(node, source, folder))
  }
  const walk = (node: unknown): void => {
    if (isSeq(node)) node.items.forEach(walk)
    if (!isMap(node)) return
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : ''
      if (FREE_KEYS.has(key)) continue
      if (key.endsWith('_file')) edit(pair.value)
      else if (PATH_LISTS.has(key) && isSeq(pair.value)) pair.value.items.forEach(edit)
      else walk(pair.value)
    }
  }
  walk(doc.contents)
  return edits
}

function absolute(node: Scalar, source: string, folder: string): TextEdit[] {
  const value = node.value as string
  const range = node.range
  if (value === '' || path.isAbsolute(value) || range === undefined || range === null) return []
  // A block scalar (| or >) ends with the line break that separates it from what follows.
  const end = /\s$/.test(source.slice(range[0], range[1]))
    ? range[0] + source.slice(range[0], range[1]).trimEnd().length
    : range[1]
  return [{ start: range[0], end, text: JSON.stringify(path.join(folder, value)) }]
}
