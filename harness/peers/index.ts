export { cacheFolder } from './cache-folder.ts'
export { PEERS } from './catalogue.ts'
export { runPeers } from './command.ts'
export { detectPeers, type PeerStatus, peersByName, peerVersion, programsOf } from './detect.ts'
export type { Environment } from './environment.ts'

export { findProgram, findPrograms, isExecutable } from './find-program.ts'
export {
  cachedPrometheus,
  inspectPrometheus,
  type PrometheusBinary,
  prometheusCandidates,
} from './prometheus-binary.ts'
export { lastWords, type ProgramResult, runProgram } from './run-program.ts'
