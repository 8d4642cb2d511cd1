import { CodedError, ExitCode } from '../../base/index.ts'
import { TIMED_OUT } from '../errors.ts'
import type { Ending } from '../trial.ts'

/**
 * How a command of several trials ends when one of them could not begin: what the trials before it measured is kept.
 */
export function endingOf(error: unknown, signal: AbortSignal): Ending {
  if (signal.aborted) return { kind: signal.reason === TIMED_OUT ? TIMED_OUT : 'interrupted' }
  const known = error instanceof Error ? error : new Error(String(error))
  return {
    kind: known instanceof CodedError && known.exitCode === ExitCode.subject ? 'crashed' : 'failed',
    error: known,
  }
}
