import { CodedError, ExitCode } from '../../base/index.ts'

/** `CHURN_PEER_UNKNOWN`: no peer of that name. `CHURN_PEER_MISSING`: a required one is not on this machine. */
export type PeerErrorCode = 'CHURN_PEER_UNKNOWN' | 'CHURN_PEER_MISSING'

export class PeerError extends CodedError {
  override readonly name = 'PeerError'

  constructor(code: PeerErrorCode, message: string) {
    super(code, message, { exitCode: code === 'CHURN_PEER_UNKNOWN' ? ExitCode.usage : ExitCode.subject })
  }
}
