import { CodedError, ExitCode } from '../../base/index.ts'

/**
 * | code                       | exit | meaning                                                        |
 * | -------------------------- | ---- | -------------------------------------------------------------- |
 * | `CHURN_SUBJECT_KIND`       | 2    | no subject of that kind                                        |
 * | `CHURN_SUBJECT_BINARY`     | 2    | the program is missing, does not run, or lacks what is needed  |
 * | `CHURN_SUBJECT_CONFIG`     | 2    | we or the subject refuse the configuration; all faults listed  |
 * | `CHURN_SUBJECT_DIED`       | 6    | ended before it was ready                                      |
 * | `CHURN_SUBJECT_NOT_READY`  | 6    | did not say that it is ready in time                           |
 * | `CHURN_SUBJECT_QUERY`      | 6    | unreachable, too slow, or refuses a query                      |
 * | `CHURN_SUBJECT_NO_QUERIES` | 2    | an agent has no query API for a query load                     |
 * | `CHURN_SUBJECT_EXTERNAL`   | 2    | an external subject lacks its URL, or another has what is its  |
 */
export type SubjectErrorCode =
  | 'CHURN_SUBJECT_KIND'
  | 'CHURN_SUBJECT_BINARY'
  | 'CHURN_SUBJECT_CONFIG'
  | 'CHURN_SUBJECT_DIED'
  | 'CHURN_SUBJECT_NOT_READY'
  | 'CHURN_SUBJECT_QUERY'
  | 'CHURN_SUBJECT_NO_QUERIES'
  | 'CHURN_SUBJECT_EXTERNAL'

const EXIT_CODES: Readonly<Record<SubjectErrorCode, ExitCode>> = {
  CHURN_SUBJECT_KIND: ExitCode.usage,
  CHURN_SUBJECT_BINARY: ExitCode.usage,
  CHURN_SUBJECT_CONFIG: ExitCode.usage,
  CHURN_SUBJECT_DIED: ExitCode.subject,
  CHURN_SUBJECT_NOT_READY: ExitCode.subject,
  CHURN_SUBJECT_QUERY: ExitCode.subject,
  CHURN_SUBJECT_NO_QUERIES: ExitCode.usage,
  CHURN_SUBJECT_EXTERNAL: ExitCode.usage,
}

export class SubjectError extends CodedError {
  override readonly name = 'SubjectError'
  /** The end of the subject's log, oldest line first; empty where there is none. */
  readonly logTail: readonly string[]

  constructor(
    code: SubjectErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly logTail?: readonly string[] } = {},
  ) {
    super(code, message, { cause: options.cause, exitCode: EXIT_CODES[code] })
    this.logTail = options.logTail ?? []
  }
}

/** One error for all faults of a configuration: a sentence, then a line for each. */
export function configError(who: string, faults: readonly string[], logTail: readonly string[] = []): SubjectError {
  const list = faults.map(fault => `  ${fault}`).join('\n')
  return new SubjectError('CHURN_SUBJECT_CONFIG', `${who} refuses the configuration:\n${list}`, { logTail })
}
