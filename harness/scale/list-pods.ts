import { request } from 'node:https'
import type { Clock } from '../../base/index.ts'
import type { ApiAccess } from '../subjects/index.ts'

export interface ListFigures {
  readonly durationMs: number
  readonly bytes: number
  readonly resourceVersion: string
}

/** Lists all pods in one piece, as a client without paging does, and throws away what comes. */
export async function listPods(clock: Clock, api: ApiAccess): Promise<ListFigures> {
  const startedNs = clock.monotonicNs()
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${api.token}`, accept: 'application/json' }
    const outgoing = request(`${api.url}/api/v1/pods`, { ca: api.caPem, headers, agent: false }, response => {
      let bytes = 0
      let head = ''
      response.on('data', (chunk: Buffer) => {
        if (head.length < HEAD_BYTES) head += chunk.toString('latin1', 0, HEAD_BYTES)
        bytes += chunk.length
      })
      response.on('error', reject)
      response.on('end', () => {
        const resourceVersion = /"resourceVersion":"(\d+)"/.exec(head)?.[1]
        if (response.statusCode !== 200 || resourceVersion === undefined) {
          reject(new Error(`the list of pods was answered with ${response.statusCode}: ${head.slice(0, 200)}`))
        } else resolve({ durationMs: Number(clock.monotonicNs() - startedNs) / 1e6, bytes, resourceVersion })
      })
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

/** The version of a list stands at its beginning. */
const HEAD_BYTES = 512
