import { parentPort, workerData } from 'node:worker_threads'
import { assert, boundHeapGrowth } from '../../base/index.ts'
import type { FromScalePlane, ScaleData, ToScalePlane } from './messages.ts'
import { ScalePlane } from './scale-plane.ts'

/** The door of the thread of a control plane that is measured itself. */
assert(parentPort !== null, 'scale.worker runs as a worker thread')
const port = parentPort
boundHeapGrowth()
const { seed, spec, received } = workerData as ScaleData
const send = (message: FromScalePlane): void => port.postMessage(message)
const fail = (error: unknown): void =>
  send({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })

try {
  const plane = await ScalePlane.create({
    seed,
    spec,
    received: new Int32Array(received),
    onProgress: podsReady => send({ type: 'progress', podsReady }),
    onFailure: fail,
  })
  const perform = async ({ type }: ToScalePlane): Promise<FromScalePlane> => {
    switch (type) {
      case 'fill':
        return { type, ...(await plane.fill()) }
      case 'memory':
        return { type, ...plane.memory() }
      case 'change':
        return { type, ...(await plane.change()) }
      case 'stop':
        await plane.close()
        return { type }
    }
  }
  port.on('message', (message: ToScalePlane) => {
    perform(message).then(answer => {
      send(answer)
      if (answer.type === 'stop') port.close()
    }, fail)
  })
  const { url, token, caPem } = plane.api
  send({ type: 'ready', url, token, caPem })
} catch (error) {
  fail(error)
}
