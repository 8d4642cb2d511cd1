import { CodedError, ExitCode } from '../../base/index.ts'

/** `CHURN_SINK_FAILED`: the thread that receives an agent's samples ended by itself. */
export class SinkError extends CodedError {
  override readonly name = 'SinkError'

  constructor(message: string, cause?: unknown) {
    super('CHURN_SINK_FAILED', message, { cause, exitCode: ExitCode.internal })
  }
}
