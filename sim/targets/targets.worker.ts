import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { CodedError, describeError, raiseThreadPriority, SystemClock } from '../../base/index.ts'
import type { FromTargetsMain, TargetWorkerData, ToTargets, ToTargetsMain } from './messages.ts'
import { learnPages } from './profiles/index.ts'
import { TargetServer } from './target-server.ts'
import { TargetThread } from './target-thread.ts'
import { TruthTable } from './truth-table.ts'
import { warmUpPages } from './warm-up.ts'

/** A second: under load, programs take their time to be loaded. */
const BIND_RETRIES = 50

const { truth, originNs, control, pages, goesFirst } = workerData as TargetWorkerData
if (goesFirst) raiseThreadPriority()
learnPages(pages)
const main = parentPort as MessagePort
const tell = (message: FromTargetsMain): void => main.postMessage(message)

const server = new TargetServer(new SystemClock(), new TruthTable(truth), {
  originNs,
  bindRetries: BIND_RETRIES,
  onFault: error =>
    tell({
      type: 'failed',
      code: error instanceof CodedError ? error.code : 'CHURN_TARGET_THREAD',
      message: describeError(error),
    }),
})
const thread = new TargetThread(server, control, main)

control.on('message', (message: ToTargets) => thread.onControl(message))
main.on('message', (message: ToTargetsMain) => {
  if (!thread.onMain(message)) return
  control.close()
  main.close()
})
warmUpPages()
tell({ type: 'ready' })
