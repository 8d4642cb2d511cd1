import path from 'node:path'
import { cacheFolder } from './cache-folder.ts'
import { PEERS, type PeerDefinition } from './catalogue.ts'
import type { Environment } from './environment.ts'
import { PeerError } from './errors.ts'
import { findProgram, findPrograms } from './find-program.ts'
import { inspectPrometheus, prometheusCandidates } from './prometheus-binary.ts'
import { runProgram } from './run-program.ts'

/** One program found on this machine. */
export interface PeerProgram {
  readonly path: string
  readonly version: string
  /** Of Prometheus only. */
  readonly kubernetesSd?: boolean
}

export interface PeerStatus {
  readonly name: string
  readonly use: string
  /** In order of preference. */
  readonly found: readonly PeerProgram[]
  /** Why it cannot be used, and what would help; absent when it can. */
  readonly missing?: { readonly reason: string; readonly how: string }
}

/** Chromium takes a second or two on a busy machine. */
const VERSION_TIMEOUT_MS = 20_000

/** The peers of those names, in the catalogue's order; all of them when `names` is empty. @throws PeerError CHURN_PEER_UNKNOWN */
export function peersByName(names: readonly string[]): PeerDefinition[] {
  const unknown = names.filter(name => !PEERS.some(peer => peer.name === name))
  if (unknown.length > 0) {
    const known = PEERS.map(peer => peer.name).join(', ')
    throw new PeerError('CHURN_PEER_UNKNOWN', `there is no peer ${unknown.join(', ')}; there are ${known}`)
  }
  return names.length === 0 ? [...PEERS] : PEERS.filter(peer => names.includes(peer.name))
}

/** Looks for the peers and asks each for its version; all at the same time. Changes nothing. */
export function detectPeers(peers: readonly PeerDefinition[], env: Environment = process.env): Promise<PeerStatus[]> {
  return Promise.all(peers.map(peer => detectPeer(peer, env)))
}

export async function detectPeer(peer: PeerDefinition, env: Environment = process.env): Promise<PeerStatus> {
  const found = peer.name === 'prometheus' ? await prometheuses(env) : await programs(peer, env)
  const status = { name: peer.name, use: peer.use, found }
  if (found.length === 0) return { ...status, missing: { reason: 'not found', how: peer.how } }
  if (peer.name === 'prometheus' && !found.some(program => program.kubernetesSd === true)) {
    return { ...status, missing: { reason: 'found, but built without kubernetes_sd', how: peer.how } }
  }
  return status
}

/** Those with kubernetes_sd first: they are what the subject takes. */
async function prometheuses(env: Environment): Promise<PeerProgram[]> {
  const named = env['CHURNBENCH_PROMETHEUS']
  const files = new Set([...(named === undefined || named === '' ? [] : [named]), ...prometheusCandidates(env)])
  const inspected = await Promise.all([...files].map(file => inspectPrometheus(file, env)))
  const found = inspected.filter(binary => binary !== undefined)
  return [...found.filter(each => each.kubernetesSd), ...found.filter(each => !each.kubernetesSd)]
}

/** Where a peer's program is, in order of preference: the one built for this project first. */
export function programsOf(peer: PeerDefinition, env: Environment): string[] {
  const built = findPrograms(peer.programs, {}, [path.join(cacheFolder(env), 'bin')])
  if (peer.cachedOnly === true) return built
  return [...new Set([...built, ...findPrograms(peer.programs, env, peer.folders?.())])]
}

function programs(peer: PeerDefinition, env: Environment): Promise<PeerProgram[]> {
  return Promise.all(
    programsOf(peer, env).map(async file => ({ path: file, version: await versionOf(peer, file, env) })),
  )
}

async function versionOf(peer: PeerDefinition, file: string, env: Environment): Promise<string> {
  const said = await runProgram(file, peer.versionArgs, { env, timeoutMs: VERSION_TIMEOUT_MS })
  const match = peer.versionPattern.exec(`${said.stdout}\n${said.stderr}\n`)
  return match?.slice(1).find(group => group !== undefined) ?? (await debianVersion(file, env)) ?? 'unknown'
}

/** Debian builds some programs without the version that they would tell; its package database knows. */
async function debianVersion(file: string, env: Environment): Promise<string | undefined> {
  const dpkgQuery = findProgram('dpkg-query', env)
  if (dpkgQuery === undefined) return undefined
  const owner = await runProgram(dpkgQuery, ['--search', file], { env, timeoutMs: VERSION_TIMEOUT_MS })
  const packageName = /^([^\s:,]+)[^\s]*: /.exec(owner.stdout)?.[1]
  if (owner.code !== 0 || packageName === undefined) return undefined
  const shown = await runProgram(dpkgQuery, ['--show', '--showformat=${Version}', packageName], {
    env,
    timeoutMs: VERSION_TIMEOUT_MS,
  })
  return shown.code === 0 && shown.stdout !== '' ? shown.stdout : undefined
}

/** The version of a program that is taken for the peer of that name: asks the program, then the package that brought it. */
export function peerVersion(name: string, file: string, env: Environment = process.env): Promise<string> {
  return versionOf(peersByName([name])[0]!, file, env)
}
