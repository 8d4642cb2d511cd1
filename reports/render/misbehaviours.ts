import type { MisbehaviourResult, Report } from '../report.ts'

/** One line of the table: whether all is as documented, what it is about, what was seen, what was expected. */
export interface MisbehaviourRow {
  /** `undefined` where nothing is expected of this subject. */
  readonly ok: boolean | undefined
  readonly kind: string
  readonly seen: string
  readonly expected: string
}

/** Of all runs of a report, one after the other. */
export function misbehaviourRows({ runs }: Report): MisbehaviourRow[] {
  return runs.flatMap(({ misbehaviours = [] }) =>
    misbehaviours.map(result => ({
      ok: result.expected === undefined ? undefined : result.disagreements.length === 0,
      kind: result.kind,
      seen: seen(result),
      expected: [result.expected ?? '', ...result.disagreements.map(text => `but ${text}`)].join('; '),
    })),
  )
}

function seen({ scrapes, up, pages, extra, error, errorClass }: MisbehaviourResult): string {
  const parts = [`up ${up} of ${scrapes}`, `${counted(pages, 'page')} stored`]
  if (extra > 0) parts.push(counted(extra, 'further sample'))
  if (error !== undefined) parts.push(errorClass ?? error)
  return parts.join(', ')
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
