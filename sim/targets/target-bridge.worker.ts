import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { assert, raiseThreadPriority } from '../../base/index.ts'
import type { FromTargetsMain, TargetWorkerData, ToTargets, ToTargetsMain } from './messages.ts'
import type { FromTargetProcess, ToTargetProcess } from './process-messages.ts'
import { TargetBridge } from './target-bridge.ts'
import { TruthTable } from './truth-table.ts'

const MAIN = fileURLToPath(new URL('./target-process-main.js', import.meta.url))

/** The door of a bridge: starts its target process and pumps messages. The process ends with it, by the end of its channel. */
const { truth: buffer, originNs, control, pages, goesFirst, process: inside } = workerData as TargetWorkerData
assert(inside !== undefined, 'a bridge has a process')
if (goesFirst) raiseThreadPriority()
const main = parentPort as MessagePort
const truth = new TruthTable(buffer)
const child = fork(MAIN, { stdio: ['ignore', 2, 2, 'ipc'], serialization: 'advanced' })
const send = (message: ToTargetProcess): void => {
  if (child.connected) child.send(message)
}
const bridge = new TargetBridge(truth, control, main, send)
let isOver = false

control.on('message', (message: ToTargets) => bridge.onControl(message))
main.on('message', (message: ToTargetsMain) => bridge.onMain(message))
child.on('message', (message: FromTargetProcess) => {
  isOver ||= bridge.onProcess(message)
})
child.once('error', error => {
  throw error
})
child.once('exit', (code, signal) => {
  if (!isOver) {
    const how = signal === null ? `with code ${code}` : `by ${signal}`
    const failed: FromTargetsMain = {
      type: 'failed',
      code: 'CHURN_TARGET_THREAD',
      message: `a target process ended ${how}`,
    }
    main.postMessage(failed)
  }
  control.close()
  main.close()
})
send({ type: 'start', start: { rows: truth.capacity, originNs, pages, goesFirst, ...inside } })
