import type { runAb as Ab } from './ab/ab.ts'
import type { runCalibration as Calibrate } from './ab/calibrate.ts'
import type { runCapacity as Search } from './capacity/capacity.ts'
import type { startCluster as Start } from './cluster.ts'
import type { runScenario as Run } from './run.ts'
import type { openDashboard as Open } from './ui/index.ts'

export { calibrationPath, loadNoise } from './ab/calibration-file.ts'
export { parseSubjectSpec } from './ab/subject-spec.ts'
export { captureEnvironment, captureTool } from './environment.ts'
export { requirePodNetwork } from './pod-network.ts'
export { HarnessError, TIMED_OUT } from './errors.ts'
export { runOrigin } from './run-origin.ts'
export { resolveScenario, type Scenario, type ScenarioOptions } from './scenario.ts'
export { checkedSpec, SUBJECT_KINDS, type SubjectSpec } from './subjects/index.ts'
export { renderDiffText, renderInspectHtml, renderInspectText, type TraceFile } from './trace-page/index.ts'
export type { AbOptions } from './ab/ab.ts'
export type { RunOptions } from './run.ts'
export type { Dashboard } from './ui/index.ts'

// What runs something is loaded when it is asked for. Commands that only read and write reports would wait for it at each start.
export const runAb: typeof Ab = async (...args) => (await import('./ab/ab.ts')).runAb(...args)
export const runCalibration: typeof Calibrate = async (...args) =>
  (await import('./ab/calibrate.ts')).runCalibration(...args)
export const runCapacity: typeof Search = async (...args) =>
  (await import('./capacity/capacity.ts')).runCapacity(...args)
export const startCluster: typeof Start = async (...args) => (await import('./cluster.ts')).startCluster(...args)
export const runScenario: typeof Run = async (...args) => (await import('./run.ts')).runScenario(...args)
export const openDashboard: typeof Open = async (...args) => (await import('./ui/index.ts')).openDashboard(...args)
