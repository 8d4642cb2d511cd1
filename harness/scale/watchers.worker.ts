import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../base/index.ts'
import type { FromWatchers, WatchersData } from './messages.ts'

/**
 * Clients that watch all pods and do nothing but count the events that arrive, so that they cost as little as they can. How
 * far each has come stands in shared memory.
 */
assert(parentPort !== null, 'watchers.worker runs as a worker thread')
const port = parentPort
const { api, watchers, changes, resourceVersion, received } = workerData as WatchersData
const counts = new Int32Array(received)
const send = (message: FromWatchers): void => port.postMessage(message)
const NEWLINE = 0x0a
let open = 0
let complete = 0

function watch(index: number): void {
  const path = `/api/v1/pods?watch=1&resourceVersion=${resourceVersion}&timeoutSeconds=3600`
  const headers = { authorization: `Bearer ${api.token}`, accept: 'application/json' }
  const outgoing = request(`${api.url}${path}`, { ca: api.caPem, headers, agent: false })
  outgoing.on('response', (response: IncomingMessage) => {
    if (response.statusCode !== 200) {
      send({ type: 'failed', message: `the watch was answered with ${response.statusCode}` })
      return
    }
    if (++open === watchers) send({ type: 'open' })
    response.on('data', (bytes: Buffer) => {
      let lines = 0
      for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++
      if (Atomics.add(counts, index, lines) + lines >= changes && lines > 0 && ++complete === watchers) {
        send({ type: 'complete', atNs: process.hrtime.bigint() })
      }
    })
    response.on('end', () => send({ type: 'failed', message: 'a watch ended before all changes had come' }))
  })
  outgoing.on('error', error => send({ type: 'failed', message: error.message }))
  outgoing.end()
}

for (let i = 0; i < watchers; i++) watch(i)
