/**
 * The first `bytesMin` bytes of a stream (fewer when it is shorter), and the whole stream, the first bytes included.
 */
export async function peekBytes(
  source: AsyncIterable<Buffer>,
  bytesMin: number,
): Promise<{ readonly head: Buffer; readonly bytes: AsyncGenerator<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]()
  const parts: Buffer[] = []
  let length = 0
  let failure: { readonly error: unknown } | undefined
  try {
    while (length < bytesMin) {
      const next = await iterator.next()
      if (next.done === true) break
      parts.push(next.value)
      length += next.value.length
    }
  } catch (error) {
    // What came before it is still worth reading: the error has its place behind it.
    failure = { error }
  }
  const head = Buffer.concat(parts)
  return { head, bytes: rest(head, iterator, failure) }
}

async function* rest(
  head: Buffer,
  iterator: AsyncIterator<Buffer>,
  failure: { readonly error: unknown } | undefined,
): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head
    if (failure !== undefined) throw failure.error
    for (;;) {
      const next = await iterator.next()
      if (next.done === true) return
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}
