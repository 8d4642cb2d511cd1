import type { ProcessEvent, TargetSpec } from './kubelet/pod-runtime.ts'

/** From the control plane to whoever starts the programs of containers. `id` numbers requests that are answered. */
export type ToProcesses =
  /** Answered when the program has been started, or has failed to: that is an event like any other end. */
  | { readonly type: 'open'; readonly id: number; readonly target: TargetSpec }
  /** SIGTERM. */
  | { readonly type: 'terminate'; readonly uid: string }
  /** SIGKILL to what is left; answered when nothing is. */
  | { readonly type: 'close'; readonly id: number; readonly uid: string }
  /** SIGSTOP, or SIGCONT: the kernel goes on accepting connections, and nobody answers. */
  | { readonly type: 'partition'; readonly uids: readonly string[]; readonly partitioned: boolean }

export type FromProcesses =
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'event'; readonly target: TargetSpec; readonly event: ProcessEvent }
