import { CodedError, describeError, ExitCode, SystemClock } from '../../base/index.ts'
import { TIMED_OUT } from '../errors.ts'
import { executeTrial } from '../execute-trial.ts'
import type { Ending } from '../trial.ts'
import type { FromTrial, SentError, SentOutcome, ToTrial } from './messages.ts'

/** The door of a trial's process: executes the one job that it is sent, answers, and ends. */
const abort = new AbortController()

// Ctrl-C in a terminal reaches every process of the group; what is to be done about it, the command decides and says.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
process.on('disconnect', () => abort.abort())
process.on('message', (message: ToTrial) => {
  if (message.type === 'interrupt') abort.abort(message.timedOut ? TIMED_OUT : undefined)
  else void execute(message)
})

async function execute({ job }: Extract<ToTrial, { type: 'execute' }>): Promise<void> {
  let answer: FromTrial
  try {
    const outcome = await executeTrial(new SystemClock(), { ...job, stderr: process.stderr, signal: abort.signal })
    answer = { type: 'outcome', outcome: { ...outcome, ending: sentEnding(outcome.ending) } }
  } catch (error) {
    answer = { type: 'failed', error: sentError(error) }
  }
  if (!process.connected) return
  process.send!(answer, undefined, undefined, () => process.disconnect())
}

function sentEnding(ending: Ending): SentOutcome['ending'] {
  return 'error' in ending ? { kind: ending.kind, error: sentError(ending.error) } : ending
}

function sentError(error: unknown): SentError {
  return error instanceof CodedError
    ? { code: error.code, message: describeError(error), exitCode: error.exitCode }
    : { code: 'CHURN_INTERNAL', message: describeError(error), exitCode: ExitCode.internal }
}
