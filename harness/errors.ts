import { CodedError, ExitCode } from '../base/index.ts'

type HarnessCode =
  /** The scenario, a profile or a `--set` is not usable; the message lists every fault. */
  | 'CHURN_SCENARIO'
  /** No scenario of that name or file. */
  | 'CHURN_SCENARIO_UNKNOWN'
  /** The simulated control plane or a target thread stopped by itself. */
  | 'CHURN_SIM_FAILED'
  /** Ctrl-C came before anything was measured. */
  | 'CHURN_INTERRUPTED'

export class HarnessError extends CodedError {
  override readonly name = 'HarnessError'

  constructor(code: HarnessCode, message: string, options: { readonly cause?: unknown; readonly exitCode: ExitCode }) {
    super(code, message, options)
  }
}

export function interruptedEarly(): HarnessError {
  return new HarnessError('CHURN_INTERRUPTED', 'interrupted before the scenario began; nothing was measured', {
    exitCode: ExitCode.interrupted,
  })
}
