import { CodedError, ExitCode } from '../base/index.ts'

type ReportCode =
  /** Thresholds that cannot be read, or ask of a metric what it does not have; the message lists every fault. */
  | 'CHURN_THRESHOLD'
  /** The output folder cannot be made or written to. */
  | 'CHURN_REPORT_WRITE'
  /** A report file is missing, is not JSON, or does not satisfy docs/report.schema.json. */
  | 'CHURN_REPORT_READ'

/** Every one of them is something that the caller of the command can put right: exit code 2. */
export class ReportError extends CodedError {
  override readonly name = 'ReportError'

  constructor(code: ReportCode, message: string, cause?: unknown) {
    super(code, message, { cause, exitCode: ExitCode.usage })
  }
}
