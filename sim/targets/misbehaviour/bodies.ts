import { gzipSync } from 'node:zlib'

/** Lines of comments, so that they may stand behind any page: 1 KiB each. */
const COMMENT_LINE = `# ${'churnbench '.repeat(92)}xxxxxxxxx\n`
const PADDING_UNIT_BYTES = 1024 * 1024

/** Made once for each size and thread; what is asked for is nearly always the same. */
let padding = Buffer.alloc(0)
let unit: Buffer | undefined

/** That many bytes of comments. Shared: do not write to it. */
export function commentBytes(bytes: number): Buffer {
  if (padding.length < bytes) padding = Buffer.alloc(Math.ceil(bytes / 1024) * 1024, COMMENT_LINE)
  // The last line is cut, which is a comment all the same.
  return padding.subarray(0, bytes)
}

/**
 * A gzip stream that unpacks to `page` and comments, `bytes` in all at least: a member for the page and one for each MiB of
 * comments, always the same, so that nobody waits for it to be packed.
 */
export function gzipBomb(page: Buffer, bytes: number): Buffer {
  unit ??= gzipSync(commentBytes(PADDING_UNIT_BYTES), { level: 9 })
  const units = Math.ceil(Math.max(0, bytes - page.length) / PADDING_UNIT_BYTES)
  return Buffer.concat([gzipSync(page, { level: 1 }), ...Array.from({ length: units }, () => unit!)])
}

/** `page` with a line that is no sample, at the line's end that is nearest to the middle from below. */
export function withBadLine(page: Buffer): Buffer {
  const at = page.lastIndexOf('\n', page.length >> 1) + 1
  return Buffer.concat([page.subarray(0, at), Buffer.from('this line is no sample\n'), page.subarray(at)])
}

/** A family of gauges behind the page; `samples` are what follows the name, `{a="b"} 1`. */
export function withFamily(page: Buffer, name: string, samples: readonly string[]): Buffer {
  const lines = samples.map(sample => `${name}${sample}\n`).join('')
  return Buffer.concat([page, Buffer.from(`# HELP ${name} Made by a misbehaviour.\n# TYPE ${name} gauge\n${lines}`)])
}

/** The same families and samples in another order: all families, and the samples of each, turned round by `by`. */
export function reordered(page: Buffer, by: number): Buffer {
  const families: { readonly head: string[]; readonly samples: string[] }[] = []
  for (const line of page.toString('utf8').split('\n')) {
    if (line === '') continue
    const isComment = line.startsWith('#')
    let family = families.at(-1)
    if (family === undefined || (isComment && family.samples.length > 0)) {
      family = { head: [], samples: [] }
      families.push(family)
    }
    ;(isComment ? family.head : family.samples).push(line)
  }
  const lines = turned(families, by).flatMap(({ head, samples }) => [...head, ...turned(samples, by)])
  return Buffer.from(`${lines.join('\n')}\n`)
}

function turned<T>(list: readonly T[], by: number): T[] {
  const at = by % Math.max(1, list.length)
  return [...list.slice(at), ...list.slice(0, at)]
}
