import { nearest } from '../../../base/index.ts'
import { TraceError } from '../errors.ts'

/** What a user may decide to show, beside `labels:KEY`. */
export const KEEPABLE = [
  'start',
  'namespaces',
  'nodes',
  'zones',
  'workloads',
  'services',
  'pods',
  'containers',
  'ports',
  'images',
  'addresses',
  'uids',
  'reasons',
  'kinds',
  'annotations',
] as const

export type KeptName = (typeof KEEPABLE)[number]

/** What the user decided to show. */
export interface Keep {
  readonly names: ReadonlySet<KeptName>
  /** Keys of labels that are kept with their values. */
  readonly labels: ReadonlySet<string>
}

/**
 * Reads `--keep`: names of fields, `labels:KEY`; several may stand in one text, with commas.
 *
 * @throws TraceError CHURN_TRACE_OPTIONS
 */
export function parseKeep(texts: readonly string[]): Keep {
  const names = new Set<KeptName>()
  const labels = new Set<string>()
  const known: readonly string[] = KEEPABLE
  for (const text of texts.flatMap(each => each.split(','))) {
    if (text.startsWith('labels:') && text.length > 'labels:'.length) labels.add(text.slice('labels:'.length))
    else if (known.includes(text)) names.add(text as KeptName)
    else throw unknownField(text, known)
  }
  return { names, labels }
}

function unknownField(text: string, known: readonly string[]): TraceError {
  const near = text.startsWith('labels') ? 'labels:KEY' : nearest(text, known)
  const hint = near === undefined ? `known are ${known.join(', ')} and labels:KEY` : `did you mean ${near}?`
  return new TraceError('CHURN_TRACE_OPTIONS', `--keep ${text}: there is no such field; ${hint}`)
}
