import path from 'node:path'
import { type Environment, isExecutable, peersByName, programsOf } from '../peers/index.ts'
import { SubjectError } from './errors.ts'
import type { SubjectOptions } from './subject.ts'

/**
 * The program of a peer: `--bin`, or the first that is found.
 *
 * @throws SubjectError CHURN_SUBJECT_BINARY
 */
export function programOf(peerName: string, options: Pick<SubjectOptions, 'bin'>, env: Environment): string {
  if (options.bin !== undefined) {
    const file = path.resolve(options.bin)
    if (isExecutable(file)) return file
    throw new SubjectError('CHURN_SUBJECT_BINARY', `${file} is not an executable file`)
  }
  const peer = peersByName([peerName])[0]!
  const found = programsOf(peer, env)[0]
  if (found !== undefined) return found
  throw new SubjectError('CHURN_SUBJECT_BINARY', `${peerName} is not on PATH; ${peer.how}, or name it with --bin`)
}
