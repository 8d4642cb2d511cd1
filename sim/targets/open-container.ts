import type { Feed } from '../kubelet/pod-runtime.ts'
import type { MisbehaviourOrder } from './misbehaviour/index.ts'

/** A container that a thread plays: what its server needs of it, whatever it does. */
export interface OpenContainer {
  /** Resolves once its ports accept connections. @throws CodedError CHURN_TARGET_BIND, CHURN_FD_LIMIT */
  listen(): Promise<void>
  /** From the return of this call on, its ports refuse; what was connected is reset. May be called again. */
  close(): void
  /** Partitioned, it accepts connections and never answers; what is connected then is reset when that ends. */
  setPartitioned(partitioned: boolean): void
  /** Lets it answer badly from now on, or well again. Absent where it serves no page of ours. */
  misbehave?(order: MisbehaviourOrder | undefined): void
  /** Gives it what its page is made of. Absent where it is made of nothing. */
  feed?(feed: Feed): void
}
