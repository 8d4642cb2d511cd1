export { cacheFolder } from './cache-folder.ts'
export { VICTORIA_METRICS_PROGRAMS } from './catalogue.ts'
export { runPeers } from './command.ts'
export { detectPeers, peersByName, type PeerStatus, victoriaMetricsVersion } from './detect.ts'
export type { Environment } from './environment.ts'

export { findProgram, findPrograms, isExecutable } from './find-program.ts'
export {
  cachedPrometheus,
  inspectPrometheus,
  type PrometheusBinary,
  prometheusCandidates,
} from './prometheus-binary.ts'
export { lastWords, type ProgramResult, runProgram } from './run-program.ts'
