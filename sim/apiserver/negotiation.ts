import { ApiError } from '../cluster/index.ts'

/** The form in which a client wants objects. */
export type Form = 'json' | 'table' | 'partial'

/**
 * Picks the first form of an Accept header that we have. JSON is the only encoding: `vnd.kubernetes.protobuf, *\/*`, which
 * Prometheus sends, leads to JSON through its second half; client-go reads what the reply's Content-Type says.
 *
 * @throws ApiError NotAcceptable
 */
export function negotiate(accept: string | undefined): Form {
  if (accept === undefined || accept.trim() === '') return 'json'
  for (const clause of accept.split(',')) {
    const [media, ...parameters] = clause.split(';').map(part => part.trim())
    if (media !== 'application/json' && media !== '*/*' && media !== 'application/*') continue
    const values = new Map(parameters.map(parameter => splitOnce(parameter)))
    const as = values.get('as')
    if (as === undefined) return 'json'
    if (values.get('g') !== 'meta.k8s.io' || values.get('v') !== 'v1') continue
    if (as === 'Table') return 'table'
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'partial'
  }
  throw new ApiError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io, ' +
      'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  )
}

function splitOnce(parameter: string): [string, string] {
  const [name, value] = parameter.split('=')
  return [name!, value ?? '']
}
