import type { PodRuntime } from './kubelet/pod-runtime.ts'

/** A runtime whose pods are there at once and nowhere. */
export const NOWHERE: PodRuntime = {
  open: () => Promise.resolve(),
  close: () => Promise.resolve(),
  setPartitioned: () => {},
  misbehave: () => {},
}
