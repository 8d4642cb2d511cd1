import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { parentPort } from 'node:worker_threads'
import { assert } from '../../base/index.ts'
import type { FromSink, ToSink } from './messages.ts'
import { Receiver } from './receiver.ts'
import { parseSelector, SelectorError } from './selector.ts'

/** The door of the sink's thread: a `Receiver` on a free port of 127.0.0.1, and answers to questions about its samples. */
assert(parentPort !== null, 'sink.worker runs as a worker thread')
const port = parentPort
const receiver = new Receiver()
const send = (message: FromSink, transfer: readonly ArrayBuffer[] = []): void => port.postMessage(message, transfer)

function answer(message: Exclude<ToSink, { type: 'stop' }>): void {
  const { id } = message
  if (message.type === 'counts') return send({ type: 'counts', id, counts: receiver.counts() })
  try {
    const matchers = parseSelector(message.selector)
    if (message.type === 'instant') {
      return send({ type: 'instant', id, samples: receiver.store.instant(matchers, message.atMs) })
    }
    const series = receiver.store.range(matchers, message.minMs, message.maxMs)
    return send(
      { type: 'range', id, series },
      series.flatMap(({ tMs, values }) => [tMs.buffer as ArrayBuffer, values.buffer as ArrayBuffer]),
    )
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error
    return send({ type: 'refused', id, message: error.message })
  }
}

port.on('message', (message: ToSink) => {
  if (message.type !== 'stop') return answer(message)
  receiver.server.close(() => {
    send({ type: 'stopped' })
    port.close()
  })
  receiver.server.closeAllConnections()
})
receiver.server.listen(0, '127.0.0.1')
await once(receiver.server, 'listening')
send({ type: 'ready', port: (receiver.server.address() as AddressInfo).port })
