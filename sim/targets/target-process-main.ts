import { raiseThreadPriority, SystemClock } from '../../base/index.ts'
import type { FromTargetProcess, ToTargetProcess } from './process-messages.ts'
import { TargetProcess } from './target-process.ts'

/** The door of a target process: pumps the messages of its channel, and ends when the other end is gone. */
const targets = new TargetProcess(new SystemClock(), (message: FromTargetProcess) => {
  if (process.connected) process.send!(message)
})

// Ctrl-C in a terminal reaches every process of the group; what is to be done about it, the command decides and says.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
process.on('disconnect', () => process.exit())
process.on('message', (message: ToTargetProcess) => {
  if (message.type === 'start' && message.start.goesFirst) raiseThreadPriority()
  void targets.onMessage(message).then(isOver => {
    if (isOver) process.disconnect()
  })
})
