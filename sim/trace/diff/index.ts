export { type DiffOptions, diffTraces } from './diff-traces.ts'
export {
  type Both,
  type DiffSide,
  IGNORABLE,
  type Ignored,
  type ObjectDiff,
  type ObjectList,
  type Parting,
  type PlacedEvent,
  type TraceDiff,
} from './trace-diff.ts'
