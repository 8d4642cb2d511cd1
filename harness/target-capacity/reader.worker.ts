import { parentPort } from 'node:worker_threads'
import { assert, describeError, SystemClock } from '../../base/index.ts'
import { readBodies } from './body-reader.ts'
import type { FromReader, ToReader } from './messages.ts'

assert(parentPort !== null, 'reader.worker runs as a worker thread')
const main = parentPort
const clock = new SystemClock()

main.on('message', ({ port, forMs }: ToReader) => {
  readBodies(clock, port, forMs).then(
    turn => main.postMessage({ type: 'read', ...turn } satisfies FromReader),
    (error: unknown) => main.postMessage({ type: 'failed', message: describeError(error) } satisfies FromReader),
  )
})
