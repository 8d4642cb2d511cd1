import { ApiError } from '../cluster/index.ts'
import { PROTOBUF_TYPE } from './media-types.ts'

/** The form in which a client wants objects, and their encoding. */
export type Form = 'json' | 'table' | 'partial' | 'protobuf'

/**
 * Picks the first form of an Accept header that we have. Tables and meta data are there as JSON only; who asks for them in
 * protobuf asks for them in JSON as well.
 *
 * @param hasProtobuf custom resources have not, as in Kubernetes
 * @throws ApiError NotAcceptable
 */
export function negotiate(accept: string | undefined, hasProtobuf: boolean): Form {
  if (accept === undefined || accept.trim() === '') return 'json'
  for (const clause of accept.split(',')) {
    const [media, ...parameters] = clause.split(';').map(part => part.trim())
    if (media === PROTOBUF_TYPE && hasProtobuf && !parameters.some(each => each.startsWith('as='))) return 'protobuf'
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
    'only the following media types are accepted: application/json, application/vnd.kubernetes.protobuf, application/json;as=Table;v=v1;g=meta.k8s.io, ' +
      'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  )
}

function splitOnce(parameter: string): [string, string] {
  const [name, value] = parameter.split('=')
  return [name!, value ?? '']
}
