import { CodedError, ExitCode } from '../base/index.ts'

/** Reason of an abort signal: the command's time is over. Any other reason is an interruption by the user. */
export const TIMED_OUT = 'timed-out'

type HarnessCode =
  /** The scenario, a profile or a `--set` is not usable; the message lists every fault. */
  | 'CHURN_SCENARIO'
  /** No scenario of that name or file. */
  | 'CHURN_SCENARIO_UNKNOWN'
  /** The simulated control plane or a target thread stopped by itself. */
  | 'CHURN_SIM_FAILED'
  /** This machine has no loopback network of many addresses. */
  | 'CHURN_POD_NETWORK'
  /** A container runs a program that is not installed. */
  | 'CHURN_PROGRAM_MISSING'
  /** A trial's process ended without an outcome. */
  | 'CHURN_TRIAL_DIED'
  /** More gates than the blocks can support, or a subject specification that cannot be read. */
  | 'CHURN_AB'
  /** A calibration file cannot be read or written. */
  | 'CHURN_CALIBRATION'
  /** `--timeout` was over before anything was measured. */
  | 'CHURN_TIMEOUT'
  /** A threshold with `abortOnFail` was crossed. */
  | 'CHURN_THRESHOLD_ABORT'
  /** The thread that puts query load on the subject stopped by itself. */
  | 'CHURN_QUERY_LOAD'
  /** Ctrl-C came before anything was measured. */
  | 'CHURN_INTERRUPTED'

export class HarnessError extends CodedError {
  override readonly name = 'HarnessError'

  constructor(code: HarnessCode, message: string, options: { readonly cause?: unknown; readonly exitCode: ExitCode }) {
    super(code, message, options)
  }
}

export function interruptedEarly(signal: AbortSignal): HarnessError {
  if (signal.reason === TIMED_OUT) {
    return new HarnessError('CHURN_TIMEOUT', 'the time given by --timeout was over before the scenario began', {
      exitCode: ExitCode.timeout,
    })
  }
  return new HarnessError('CHURN_INTERRUPTED', 'interrupted before the scenario began; nothing was measured', {
    exitCode: ExitCode.interrupted,
  })
}

/** Pods that share one address and have a port each are not built yet. */
export function noPodNetwork(): HarnessError {
  return new HarnessError(
    'CHURN_POD_NETWORK',
    'this machine accepts connections on 127.0.0.1 only, and pods need an address each: run it on Linux, or give the loopback interface the addresses from 127.2.0.1 on',
    { exitCode: ExitCode.usage },
  )
}
