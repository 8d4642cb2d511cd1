/** What a pod offers beside text 0.0.4, and what it puts into it. */
export type Offer = 'openmetrics' | 'text-1.0.0' | 'protobuf' | 'created' | 'native-histograms'

/** How a pod serves its metrics. Plain data, posted between threads. */
export interface Serving {
  readonly offers: readonly Offer[]
  /** Whether bodies come in chunks, without a length before them. */
  readonly chunked: boolean
  readonly tls: boolean
  /** The `Authorization` that a request must have; absent: none. */
  readonly authorization?: string
}

/** As the handler that client libraries set up by default: protobuf and text. */
export const DEFAULT_SERVING: Serving = { offers: ['protobuf'], chunked: false, tls: false }

/** Annotation that says which formats a pod offers. */
export const FORMATS_ANNOTATION = 'churnbench.io/formats'

const OFFERS: ReadonlySet<string> = new Set<Offer>([
  'openmetrics',
  'text-1.0.0',
  'protobuf',
  'created',
  'native-histograms',
])

const isOffer = (word: string): word is Offer => OFFERS.has(word)

/**
 * Reads a pod's annotations; `undefined` when none of them says anything.
 *
 *   churnbench.io/formats: openmetrics,created     words of `Offer`; `text` for text 0.0.4 only; others are passed over
 *   churnbench.io/transfer: chunked
 *   churnbench.io/tls: "true"                      a certificate of the run's own: scrape with insecure_skip_verify
 *   churnbench.io/auth: basic:USER:PASSWORD or bearer:TOKEN
 */
export function servingOf(annotations: Readonly<Record<string, string>>): Serving | undefined {
  const formats = annotations[FORMATS_ANNOTATION]
  const transfer = annotations['churnbench.io/transfer']
  const tls = annotations['churnbench.io/tls']
  const auth = annotations['churnbench.io/auth']
  if (formats === undefined && transfer === undefined && tls === undefined && auth === undefined) return undefined
  return {
    offers: formats === undefined ? DEFAULT_SERVING.offers : formats.split(/[\s,]+/).filter(isOffer),
    chunked: transfer === 'chunked',
    tls: tls === 'true',
    ...(auth === undefined ? {} : { authorization: authorizationOf(auth) }),
  }
}

/** A scheme that is none of the two is asked for as it stands, so that a slip shows: nobody gets in. */
function authorizationOf(auth: string): string {
  const colon = auth.indexOf(':')
  const [scheme, credentials] = [auth.slice(0, colon), auth.slice(colon + 1)]
  if (scheme === 'basic') return `Basic ${Buffer.from(credentials).toString('base64')}`
  return scheme === 'bearer' ? `Bearer ${credentials}` : auth
}
