import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { CodedError, ExitCode, makeFolder } from '../../base/index.ts'
import { HarnessError, TIMED_OUT } from '../errors.ts'
import type { TrialOutcome } from '../execute-trial.ts'
import type { Ending } from '../trial.ts'
import type { FromTrial, SentError, SentOutcome, ToTrial, TrialJob } from './messages.ts'

const MAIN = fileURLToPath(new URL('./trial-main.js', import.meta.url))

/**
 * Executes a trial in a process of its own, so that no trial finds what the one before has left behind: compiled code, a
 * grown heap, open connections. Its progress goes to our stderr.
 *
 * @throws CodedError when the trial could not begin; HarnessError CHURN_TRIAL_DIED when its process ended without a word.
 */
export async function executeTrialInProcess(job: TrialJob, signal: AbortSignal): Promise<TrialOutcome> {
  makeFolder(job.outDir)
  const child = fork(MAIN, { stdio: ['ignore', 2, 2, 'ipc'], serialization: 'advanced' })
  const send = (message: ToTrial): void => {
    if (child.connected) child.send(message)
  }
  const interrupt = (): void => send({ type: 'interrupt', timedOut: signal.reason === TIMED_OUT })
  signal.addEventListener('abort', interrupt, { once: true })
  let answer: FromTrial | undefined
  child.on('message', (message: FromTrial) => (answer = message))
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, killedBy) => resolve(killedBy === null ? `with code ${code}` : `by ${killedBy}`))
  })
  send({ type: 'execute', job })
  if (signal.aborted) interrupt()
  const how = await ended.finally(() => signal.removeEventListener('abort', interrupt))
  if (answer === undefined) {
    throw new HarnessError('CHURN_TRIAL_DIED', `the process of the trial in ${job.outDir} ended ${how}`, {
      exitCode: ExitCode.internal,
    })
  }
  if (answer.type === 'failed') throw received(answer.error)
  return { ...answer.outcome, ending: receivedEnding(answer.outcome.ending) }
}

function receivedEnding({ kind, error }: SentOutcome['ending']): Ending {
  if (kind === 'complete' || kind === 'interrupted' || kind === 'timed-out') return { kind }
  return { kind, error: error === undefined ? new Error(kind) : received(error) }
}

function received({ code, message, exitCode }: SentError): CodedError {
  return new CodedError(code, message, { exitCode })
}
