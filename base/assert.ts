/**
 * Stops the process when something that we ourselves promised is not so.
 *
 * For what the world does to us there are coded errors; this is for our own mistakes only.
 * The message may be a function, so that hot callers build no string unless the promise is broken.
 */
export function assert(condition: unknown, message: string | (() => string)): asserts condition {
  if (condition) return
  throw new AssertionError(typeof message === 'string' ? message : message())
}

/** Marks a branch that the types rule out; throws with the value when it is reached all the same. */
export function unreachable(value: never, what = 'case'): never {
  throw new AssertionError(`unexpected ${what}: ${JSON.stringify(value)}`)
}

class AssertionError extends Error {
  override readonly name = 'AssertionError'
}
