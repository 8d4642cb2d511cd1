export { KEEPABLE, parseKeep } from './keep.ts'
export { keyOfFile, randomKey } from './scrub-key.ts'
export { type ScrubResult, scrubTrace } from './scrub-trace.ts'
