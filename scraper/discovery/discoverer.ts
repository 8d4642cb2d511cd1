import type { TargetGroup } from './target-group.ts'

/** One source of targets: tells groups as they appear, change and go. */
export interface Discoverer {
  /** Begins to call `emit` with what there is, then with changes only. Groups without targets are gone. */
  start(emit: (groups: readonly TargetGroup[]) => void): void
  stop(): void
}
