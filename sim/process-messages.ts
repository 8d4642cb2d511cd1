import { join } from 'node:path'
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

/** Folder in which the program of a container works; its logs lie beside it. */
export function processFolder(root: string, { namespace, pod, container }: ProcessName): string {
  return join(root, `${namespace}_${pod}_${container}`)
}

/** What the program writes in its run number `run`, from 0. */
export function processLog(root: string, name: ProcessName, run: number): string {
  return `${processFolder(root, name)}.${run}.log`
}

type ProcessName = Pick<TargetSpec, 'namespace' | 'pod' | 'container'>
