import type { ObjectMeta } from 'kubernetes-types/meta/v1.js'
import { ApiError, apiVersionOf, type KubeObject, type ResourceType } from '../cluster/index.ts'
import { conform } from '../schema/index.ts'
import { isObject } from './json.ts'
import { schemaOf } from './schemas.ts'

/** What happens to fields that a kind has not: taken out silently, with a warning, or the request is refused. */
export type FieldValidation = 'Ignore' | 'Strict' | 'Warn'

export interface DecodeOptions {
  readonly fieldValidation: FieldValidation
  /** Takes each warning, a sentence for the client. */
  readonly warn: (warning: string) => void
}

/**
 * Makes a body the object of a kind, in place: type meta and namespace are filled in, unknown fields are taken out. From here
 * on everything can trust the types of `kubernetes-types`.
 *
 * @param refuse how unknown fields are refused; differs between bodies that are objects and patches.
 * @throws ApiError BadRequest
 */
export function decodeObject(
  type: ResourceType,
  namespace: string | undefined,
  body: unknown,
  options: DecodeOptions,
  refuse: (faults: string) => ApiError = faults => cannotBeHandled(type, `strict decoding error: ${faults}`),
): KubeObject & { metadata: ObjectMeta } {
  if (!isObject(body)) throw new ApiError('BadRequest', `the request body is not a ${type.kind}`)
  checkTypeMeta(type, body)
  const { mismatch, unknown } = conform(schemaOf(type), body)
  if (mismatch !== undefined) throw cannotBeHandled(type, `json: ${mismatch}`)
  if (unknown.length > 0) {
    const faults = unknown.map(path => `unknown field ${JSON.stringify(path)}`)
    if (options.fieldValidation === 'Strict') throw refuse(faults.join(', '))
    if (options.fieldValidation === 'Warn') for (const fault of faults) options.warn(fault)
  }
  const object = body as KubeObject
  object.apiVersion = apiVersionOf(type)
  object.kind = type.kind
  const metadata = (object.metadata ??= {})
  place(metadata, namespace)
  return { ...object, metadata }
}

/** @throws ApiError BadRequest */
export function parseFieldValidation(query: URLSearchParams): FieldValidation {
  const value = query.get('fieldValidation') ?? ''
  if (value === '') return 'Warn'
  if (value === 'Ignore' || value === 'Strict' || value === 'Warn') return value
  throw new ApiError(
    'Invalid',
    `CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: ${JSON.stringify(value)}: supported values: "Ignore", "Strict", "Warn"`,
  )
}

function checkTypeMeta(type: ResourceType, { kind = '', apiVersion = '' }: Record<string, unknown>): void {
  const expected = apiVersionOf(type)
  if (kind !== '' && kind !== type.kind) {
    throw new ApiError(
      'BadRequest',
      `${String(kind)} in version "${String(apiVersion)}" cannot be handled as a ${type.kind}: converting (v1.${String(kind)}) to (v1.${type.kind}): unknown conversion`,
    )
  }
  if (apiVersion !== '' && apiVersion !== expected) {
    throw new ApiError(
      'BadRequest',
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${expected})`,
    )
  }
}

function place(metadata: ObjectMeta, namespace: string | undefined): void {
  if (namespace === undefined) {
    delete metadata.namespace
  } else if (metadata.namespace === undefined || metadata.namespace === '') {
    metadata.namespace = namespace
  } else if (metadata.namespace !== namespace) {
    throw new ApiError(
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  }
}

function cannotBeHandled(type: ResourceType, why: string): ApiError {
  return new ApiError(
    'BadRequest',
    `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${why}`,
  )
}
