import { CodedError, ExitCode } from '../../base/index.ts'

/** The codes of this folder; each has an entry in docs/errors.md. */
export type TargetErrorCode =
  | 'CHURN_TARGET_BIND'
  | 'CHURN_TARGET_ACCEPT'
  | 'CHURN_TARGET_THREAD'
  | 'CHURN_FD_LIMIT'
  | 'CHURN_PROFILE_UNKNOWN'
  | 'CHURN_PROFILE_OPTIONS'
  | 'CHURN_PROFILE_PAGE'

const EXIT_CODES: Readonly<Record<TargetErrorCode, ExitCode>> = {
  CHURN_TARGET_BIND: ExitCode.usage,
  CHURN_TARGET_ACCEPT: ExitCode.invalid,
  CHURN_TARGET_THREAD: ExitCode.internal,
  CHURN_FD_LIMIT: ExitCode.usage,
  CHURN_PROFILE_UNKNOWN: ExitCode.usage,
  CHURN_PROFILE_OPTIONS: ExitCode.usage,
  CHURN_PROFILE_PAGE: ExitCode.usage,
}

export function targetError(code: TargetErrorCode, message: string, cause?: unknown): CodedError {
  return new CodedError(code, message, { cause, exitCode: EXIT_CODES[code] })
}

/** Makes an error again on the other side of a thread's border, where only code and message arrive. */
export function receivedError(code: string | undefined, message: string): CodedError {
  const known = code !== undefined && code in EXIT_CODES ? (code as TargetErrorCode) : 'CHURN_TARGET_THREAD'
  return targetError(known, message)
}

/** Says in words why an address could not be listened on. */
export function bindError(address: string, port: number, cause: unknown): CodedError {
  const where = `cannot listen on ${address}:${port}`
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EMFILE':
    case 'ENFILE':
      return targetError('CHURN_FD_LIMIT', `${where}: no file descriptors left; raise "ulimit -n" or run fewer pods`)
    case 'EADDRINUSE':
      return targetError(
        'CHURN_TARGET_BIND',
        `${where}: the port is taken, perhaps by a program that listens on all addresses; stop it or give the workload another port`,
      )
    case 'EADDRNOTAVAIL':
      return targetError('CHURN_TARGET_BIND', `${where}: this machine does not have that loopback address`)
    case 'EACCES':
      return targetError('CHURN_TARGET_BIND', `${where}: the port needs privileges; give the workload one above 1023`)
    default:
      return targetError('CHURN_TARGET_BIND', where, cause)
  }
}
