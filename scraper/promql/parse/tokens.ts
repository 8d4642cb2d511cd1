import type { Span } from '../position.ts'

export type TokenKind =
  | 'identifier'
  | 'metric' // an identifier that contains a colon: can only be a metric name
  | 'number'
  | 'duration'
  | 'string'
  | 'operator'
  | 'punctuation'
  | 'eof'

/** One word of a query. `text` is as written; keywords are recognised by the parser, for most of them are names elsewhere. */
export interface Token extends Span {
  readonly kind: TokenKind
  readonly text: string
}

export const AGGREGATORS: ReadonlySet<string> = new Set([
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
])

const KEYWORDS: ReadonlySet<string> = new Set([
  'offset',
  'smoothed',
  'anchored',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'bool',
  'start',
  'end',
  'step',
  'range',
  'fill',
  'fill_left',
  'fill_right',
])

const WORD_OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'atan2'])

/** How Prometheus names a token in `unexpected …`. */
export function describeToken(token: Token): string {
  const { kind, text } = token
  const quoted = JSON.stringify(text)
  switch (kind) {
    case 'eof':
      return 'end of input'
    case 'metric':
      return `metric identifier ${quoted}`
    case 'number':
      return `number ${shorten(quoted, text)}`
    case 'duration':
      return `duration ${shorten(quoted, text)}`
    case 'string':
      return `string ${shorten(quoted, text)}`
    case 'operator':
      return text === '=' ? quoted : `<op:${text}>`
    case 'punctuation':
      return quoted
    case 'identifier': {
      const lower = text.toLowerCase()
      if (AGGREGATORS.has(lower)) return `<aggr:${text}>`
      if (KEYWORDS.has(lower)) return `<${text}>`
      if (WORD_OPERATORS.has(lower)) return `<op:${text}>`
      return `identifier ${quoted}`
    }
  }
}

function shorten(quoted: string, text: string): string {
  return text.length > 10 ? `${JSON.stringify(text.slice(0, 10))}...` : quoted
}
