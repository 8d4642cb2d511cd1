import { ApiError } from '../cluster/index.ts'

export { isObject, type JsonObject } from '../schema/index.ts'

/**
 * Reads a request's body.
 *
 * @throws ApiError BadRequest
 */
export function parseJson(text: string): unknown {
  // A key that would change an object's prototype when copied; no Kubernetes object has one.
  if (text.includes('"__proto__"')) throw malformed('invalid character in object key')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw malformed((error as Error).message)
  }
}

function malformed(why: string): ApiError {
  return new ApiError('BadRequest', `the object provided is unrecognized (must be of type JSON): ${why}`)
}
