/** What a target needs to know of a request. */
export interface RequestHead {
  readonly method: string
  /** Path without the query, from either form of request target. */
  readonly path: string
  /** Whether the connection may carry another request after this one. */
  readonly keepAlive: boolean
  readonly acceptsGzip: boolean
  /** The first `Accept`, or nothing: others are not looked at, as in Go. */
  readonly accept: string
  readonly authorization: string
  /** Whether an answer may come in chunks: not in HTTP/1.0. */
  readonly takesChunks: boolean
  /** How long the scraper waits for the answer, where it says so. */
  readonly timeoutMs?: number
}

/** Status codes by which a malformed head is refused. */
export type HeadFault = 400 | 505

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~]+) HTTP\/(\d)\.(\d)$/
const HEADER = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/

/**
 * Reads the head of an HTTP/1.x request, as RFC 9112 has it: `text` is everything before the empty line.
 *
 * Bodies are not read here; a request that brings one cannot be followed by another (`keepAlive` is false).
 */
export function parseRequestHead(text: string): RequestHead | HeadFault {
  const lines = text.split('\r\n')
  const request = REQUEST_LINE.exec(lines[0]!)
  if (request === null) return 400
  const [, method, target, major, minor] = request
  if (major !== '1') return 505

  let hosts = 0
  let connection = ''
  let acceptEncoding = ''
  let accept: string | undefined
  let authorization: string | undefined
  let hasBody = false
  let timeoutS = Number.NaN
  for (let i = 1; i < lines.length; i++) {
    const header = HEADER.exec(lines[i]!)
    if (header === null) return 400
    const value = header[2]!
    switch (header[1]!.toLowerCase()) {
      case 'host':
        hosts++
        break
      case 'connection':
        connection += `,${value.toLowerCase()}`
        break
      case 'accept-encoding':
        acceptEncoding += `,${value}`
        break
      case 'accept':
        accept ??= value
        break
      case 'authorization':
        authorization ??= value
        break
      case 'content-length':
        if (!/^\d+$/.test(value)) return 400
        if (Number(value) > 0) hasBody = true
        break
      case 'x-prometheus-scrape-timeout-seconds':
        timeoutS = Number(value)
        break
      case 'transfer-encoding':
        hasBody = true
        break
    }
  }
  if (hosts > 1 || (hosts === 0 && minor !== '0')) return 400
  const options = connection.split(',').map(option => option.trim())
  const persists = minor === '0' ? options.includes('keep-alive') : !options.includes('close')
  return {
    method: method!,
    path: pathOf(target!),
    keepAlive: persists && !hasBody,
    acceptsGzip: acceptsGzip(acceptEncoding),
    accept: accept ?? '',
    authorization: authorization ?? '',
    takesChunks: minor !== '0',
    ...(timeoutS > 0 ? { timeoutMs: timeoutS * 1000 } : {}),
  }
}

function pathOf(target: string): string {
  const authority = /^https?:\/\/[^/?]*/i.exec(target)
  const local = authority === null ? target : target.slice(authority[0].length) || '/'
  const query = local.indexOf('?')
  return query < 0 ? local : local.slice(0, query)
}

/** RFC 9110, 12.5.3: `gzip` decides if it is named, else `*`; a weight of 0 says no. */
function acceptsGzip(acceptEncoding: string): boolean {
  let any = false
  for (const item of acceptEncoding.split(',')) {
    const [coding, ...parameters] = item.split(';').map(part => part.trim().toLowerCase())
    const wanted = !parameters.some(parameter => /^q=0(\.0{0,3})?$/.test(parameter))
    if (coding === 'gzip' || coding === 'x-gzip') return wanted
    if (coding === '*') any = wanted
  }
  return any
}
