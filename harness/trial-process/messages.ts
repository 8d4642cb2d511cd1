import type { ExitCode } from '../../base/index.ts'
import type { TrialOutcome, TrialSetup } from '../execute-trial.ts'
import type { Ending } from '../trial.ts'

/** What can be sent of a trial's setup: streams, signals and parts stay where they are. */
export type TrialJob = Omit<TrialSetup, 'stderr' | 'signal' | 'parts'>

/** An error on its way between processes. */
export interface SentError {
  readonly code: string
  readonly message: string
  readonly exitCode: ExitCode
}

export interface SentOutcome extends Omit<TrialOutcome, 'ending'> {
  readonly ending: { readonly kind: Ending['kind']; readonly error?: SentError }
}

/** Command → trial. */
export type ToTrial =
  | { readonly type: 'execute'; readonly job: TrialJob }
  /** Ends the trial in order; its outcome comes nevertheless. */
  | { readonly type: 'interrupt'; readonly timedOut: boolean }

/** Trial → command; one of them, then the process ends. */
export type FromTrial =
  | { readonly type: 'outcome'; readonly outcome: SentOutcome }
  /** The trial could not begin. */
  | { readonly type: 'failed'; readonly error: SentError }
