import { CodedError, ExitCode } from '../../base/index.ts'

/** The wanted cluster does not fit into the loopback network. */
export class PodNetworkError extends CodedError {
  override readonly name = 'PodNetworkError'

  constructor(code: 'CHURN_POD_NETWORK_FULL' | 'CHURN_POD_ADDRESSES_USED_UP', message: string) {
    super(code, message, { exitCode: ExitCode.usage })
  }
}
