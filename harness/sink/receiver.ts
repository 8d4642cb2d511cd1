import { createServer, type IncomingMessage, type Server } from 'node:http'
import snappy from 'snappyjs'
import { describeError } from '../../base/index.ts'
import type { SinkCounts } from './messages.ts'
import { SampleStore } from './sample-store.ts'
import { WriteRequestReader } from './write-request.ts'

/** Where samples are written to, as Prometheus' own receiver has it. */
export const WRITE_PATH = '/api/v1/write'

/** A request of Prometheus is some 100 KB, one of vmagent up to 8 MB uncompressed. */
const BODY_BYTES_MAX = 32 * 1024 * 1024
const UNCOMPRESSED_BYTES_MAX = 256 * 1024 * 1024

/**
 * Receives Prometheus remote write 1.0 over HTTP into a `SampleStore`.
 *
 *   204  stored                          400  damaged: the sender must not send it again
 *   404  another path                    405  another method
 *   413  too long                        415  remote write 2.0, or not Snappy: the sender falls back to what is known here
 */
export class Receiver {
  readonly store = new SampleStore()
  readonly server: Server
  readonly #reader = new WriteRequestReader(this.store)
  #requests = 0
  #samples = 0
  #repeated = 0
  #histograms = 0
  #refused = 0
  #lastRefusal: string | undefined

  constructor() {
    this.server = createServer((request, response) => {
      void this.#answer(request).then(
        ({ status, text }) => response.writeHead(status).end(text),
        // The sender broke off.
        () => response.destroy(),
      )
    })
  }

  counts(): SinkCounts {
    return {
      requests: this.#requests,
      samples: this.#samples,
      repeated: this.#repeated,
      series: this.store.seriesCount,
      histograms: this.#histograms,
      refused: this.#refused,
      ...(this.#lastRefusal === undefined ? {} : { lastRefusal: this.#lastRefusal }),
    }
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const body = await bodyOf(request)
    this.#requests++
    const refusal = refusalOf(request, body)
    if (refusal !== undefined) return this.#refuse(refusal.status, refusal.text)
    try {
      const { samples, repeated, histograms } = this.#reader.read(snappy.uncompress(body!, UNCOMPRESSED_BYTES_MAX))
      this.#samples += samples - repeated
      this.#repeated += repeated
      this.#histograms += histograms
      return { status: 204 }
    } catch (error) {
      return this.#refuse(400, `not a snappy-compressed WriteRequest: ${describeError(error)}`)
    }
  }

  #refuse(status: number, text: string): Answer {
    this.#refused++
    this.#lastRefusal = `HTTP ${status}: ${text}`
    return { status, text: `${text}\n` }
  }
}

interface Answer {
  readonly status: number
  readonly text?: string
}

/** `undefined` when it is longer than allowed; it is read to its end all the same, so that the answer is heard. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk as Buffer)
  }
  return bytes <= BODY_BYTES_MAX ? Buffer.concat(chunks) : undefined
}

/** Protocol 2.0 says so in its content type; 1.0 says nothing, or its own name. */
function refusalOf(request: IncomingMessage, body: Buffer | undefined): { status: number; text: string } | undefined {
  if (request.url?.split('?', 1)[0] !== WRITE_PATH) return { status: 404, text: `only ${WRITE_PATH} is here` }
  if (request.method !== 'POST') return { status: 405, text: 'only POST is understood' }
  const [type = '', ...parameters] = (request.headers['content-type'] ?? 'application/x-protobuf')
    .split(';')
    .map(part => part.trim())
  const proto = parameters.find(parameter => parameter.startsWith('proto='))?.slice('proto='.length)
  if (type !== 'application/x-protobuf' || (proto !== undefined && proto !== 'prometheus.WriteRequest')) {
    return { status: 415, text: 'only application/x-protobuf;proto=prometheus.WriteRequest is understood' }
  }
  const encoding = request.headers['content-encoding'] ?? 'snappy'
  if (encoding !== 'snappy')
    return { status: 415, text: `the content encoding ${encoding} is not understood, only snappy` }
  if (body === undefined) return { status: 413, text: `a request may have ${BODY_BYTES_MAX} bytes` }
  return undefined
}
