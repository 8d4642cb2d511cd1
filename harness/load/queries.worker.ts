import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { PacedClock } from '../../base/index.ts'
import type { FromQueries, QueryThreadData, ToQueries } from './query-messages.ts'
import { QueryThread } from './query-thread.ts'

const main = parentPort as MessagePort
// Timers of this clock are right to a fraction of a millisecond: what they are late would count as the subject's latency.
const clock = new PacedClock()
clock.start()
const thread = new QueryThread(clock, workerData as QueryThreadData, (message: FromQueries, transfer) =>
  main.postMessage(message, transfer),
)
main.on('message', (message: ToQueries) => {
  void thread.onMessage(message).then(more => {
    if (more) return
    clock.stop()
    main.close()
  })
})
