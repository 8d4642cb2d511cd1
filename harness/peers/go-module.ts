import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { makeFolder } from '../../base/index.ts'
import { PEERS } from './catalogue.ts'
import type { Environment } from './environment.ts'
import { findPrograms } from './find-program.ts'

/** Go itself, on `PATH` or where its own installer puts it. */
export function goProgram(env: Environment): string | undefined {
  return findPrograms(['go'], env, PEERS.find(peer => peer.name === 'go')?.folders?.())[0]
}

/** A module of our own; `go get` completes it. */
export function writeModule(folder: string, name: string, replaces: readonly string[] = []): void {
  makeFolder(folder)
  const lines = [`module churnbench.local/${name}`, ...replaces.map(replace => `replace ${replace}`)]
  writeFileSync(path.join(folder, 'go.mod'), lines.map(line => `${line}\n`).join(''))
}

/** No workspace of the user's, and no version control around the cache folder, has a say in it. */
export function goEnvironment(env: Environment): Environment {
  return { ...env, GOWORK: 'off' }
}

/** The user's own flags stay (a proxy or a vcs setting may hang on them); ours win. */
export function goFlags(env: Environment, tags: string): string {
  return [env['GOFLAGS'] ?? '', '-buildvcs=false', '-mod=mod', `-tags=${tags}`].join(' ').trim()
}
