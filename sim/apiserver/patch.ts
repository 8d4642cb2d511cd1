import jsonPatch, { type Operation } from 'fast-json-patch'
import { ApiError, type KubeObject } from '../cluster/index.ts'
import { isObject, type JsonObject, parseJson } from './json.ts'
import type { Schema } from '../schema/index.ts'
import { strategicMerge } from './strategic-merge.ts'

const JSON_PATCH = 'application/json-patch+json'
const MERGE_PATCH = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'
export const APPLY_PATCH = 'application/apply-patch+yaml'
const PATCH_TYPES = [JSON_PATCH, MERGE_PATCH, STRATEGIC, APPLY_PATCH] as const

const OPERATIONS_MAX = 10_000

export interface Patch {
  /** As it was sent. */
  readonly text: string
  /** Makes the next version of an object out of the current one, which it leaves as it is. @throws ApiError BadRequest, Invalid */
  readonly apply: (current: KubeObject) => KubeObject
}

/**
 * Reads a patch of one of the three kinds that are made on the current object. Server-side apply is no such patch.
 *
 * @param schema tells strategic merge patches how lists are merged; without one they are replaced
 * @throws ApiError UnsupportedMediaType, BadRequest
 */
export function parsePatch(mediaType: string, body: string, schema: Schema | undefined): Patch {
  return { text: body, apply: parse(mediaType, body, schema) }
}

function parse(mediaType: string, body: string, schema: Schema | undefined): Patch['apply'] {
  switch (mediaType) {
    case JSON_PATCH:
      return jsonPatchOf(parseJson(body))
    case MERGE_PATCH: {
      const patch = objectOf(parseJson(body))
      return current => mergePatch(current as JsonObject, patch)
    }
    case STRATEGIC: {
      const patch = objectOf(parseJson(body))
      return current => strategicMerge(current as JsonObject, patch, schema)
    }
    default:
      throw unsupportedMediaType(PATCH_TYPES)
  }
}

export function unsupportedMediaType(supported: readonly string[]): ApiError {
  return new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`,
  )
}

function jsonPatchOf(operations: unknown): Patch['apply'] {
  if (!Array.isArray(operations) || !operations.every(isObject)) {
    throw new ApiError(
      'BadRequest',
      'error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    )
  }
  if (operations.length > OPERATIONS_MAX) {
    throw new ApiError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${operations.length}`,
    )
  }
  return current => {
    const copy = structuredClone(current)
    let next: unknown
    try {
      next = jsonPatch.applyPatch(copy, operations as unknown as Operation[], true).newDocument
    } catch {
      // A failed test or a path that is not there: the patch is well-formed, but not for this object. Kubernetes says no more.
      throw new ApiError('Invalid', 'the server rejected our request due to an error in our request', {})
    }
    return objectOf(next)
  }
}

/** RFC 7386. */
function mergePatch(current: JsonObject, patch: JsonObject): JsonObject {
  const out: JsonObject = { ...current }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key]
    else if (isObject(value)) out[key] = mergePatch(isObject(out[key]) ? out[key] : {}, value)
    else out[key] = value
  }
  return out
}

function objectOf(value: unknown): JsonObject {
  if (isObject(value)) return value
  throw new ApiError(
    'BadRequest',
    'error decoding patch: json: cannot unmarshal value into Go value of type map[string]interface {}',
  )
}
