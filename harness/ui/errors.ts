import { CodedError, ExitCode } from '../../base/index.ts'

export class UiError extends CodedError {
  override readonly name = 'UiError'

  /** `CHURN_UI_PORT`: the port of the page cannot be had. */
  constructor(code: 'CHURN_UI_PORT', message: string, cause?: unknown) {
    super(code, message, { cause, exitCode: ExitCode.usage })
  }
}

export function portUnavailable(port: number, cause: unknown): UiError {
  return new UiError(
    'CHURN_UI_PORT',
    `port ${port} for the page cannot be had; name another with --ui <port>, or leave it out for a free one`,
    cause,
  )
}
