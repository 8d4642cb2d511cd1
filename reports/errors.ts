import { CodedError, ExitCode } from '../base/index.ts'

type ReportCode =
  /** Thresholds that cannot be read, or ask of a metric what it does not have; the message lists every fault. */
  | 'CHURN_THRESHOLD'
  /** The output folder cannot be made or written to. */
  | 'CHURN_REPORT_WRITE'
  /** A report file is missing, is not JSON, or does not satisfy docs/report.schema.json. */
  | 'CHURN_REPORT_READ'
  /** No baseline of that name, a name that is taken or cannot be used, or a report that should not be one. */
  | 'CHURN_BASELINE'
  /** A file that should be k6's is none. */
  | 'CHURN_IMPORT'
  /** No report is left to draw a trend from, or none has the figures that were asked for. */
  | 'CHURN_TREND'

/** Every one of them is something that the caller of the command can put right: exit code 2. */
export class ReportError extends CodedError {
  override readonly name = 'ReportError'

  constructor(code: ReportCode, message: string, cause?: unknown) {
    super(code, message, { cause, exitCode: ExitCode.usage })
  }
}
