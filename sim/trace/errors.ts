import { CodedError, ExitCode } from '../../base/index.ts'

type TraceCode =
  /** The file is no trace, of an unknown version, damaged, or says something impossible; the message names the line. */
  | 'CHURN_TRACE_FORMAT'
  /** The file cannot be read or written, or is there already. */
  | 'CHURN_TRACE_FILE'
  /** A foreign recording cannot be understood. */
  | 'CHURN_TRACE_CONVERT'
  /** The API server or the stream that is recorded cannot be followed. */
  | 'CHURN_TRACE_RECORD'
  /** What is asked of a trace does not fit it. */
  | 'CHURN_TRACE_OPTIONS'

export class TraceError extends CodedError {
  override readonly name = 'TraceError'

  constructor(
    code: TraceCode,
    message: string,
    options: { readonly cause?: unknown; readonly exitCode?: ExitCode } = {},
  ) {
    super(code, message, { exitCode: ExitCode.usage, ...options })
  }
}
