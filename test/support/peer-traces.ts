import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Sample traces of peers: beside the checkout when they are there, or where CHURNBENCH_PEER_DATA says. Never part of it. */
const FOLDER = resolve(process.env['CHURNBENCH_PEER_DATA'] ?? '../shared/peer-data', 'traces')

/** For a test's options: where they are absent it is skipped, and says why. */
export const NEEDS_PEER_TRACES = existsSync(FOLDER) ? {} : { skip: `no sample traces in ${FOLDER}` }

export function peerTrace(...path: string[]): string {
  return join(FOLDER, ...path)
}
