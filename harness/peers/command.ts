import { ExitCode } from '../../base/index.ts'
import { cacheFolder } from './cache-folder.ts'
import { detectPeers, peersByName } from './detect.ts'
import type { Environment } from './environment.ts'
import { PeerError } from './errors.ts'
import { installPeers } from './install.ts'
import { renderPeers } from './render.ts'

export interface PeersOptions {
  /** Bring in what is missing. */
  readonly install: boolean
  /** Names of peers; empty: all of them. */
  readonly only: readonly string[]
  /** Names of peers without which the command fails. */
  readonly require: readonly string[]
  readonly json: boolean
}

export interface Output {
  out(text: string): void
  err(text: string): void
}

/**
 * `npm run peers`: says which peers are on this machine, and with `install` brings in what is missing.
 *
 * @throws PeerError CHURN_PEER_UNKNOWN; CHURN_PEER_MISSING after everything else has been said and done.
 */
export async function runPeers(
  options: PeersOptions,
  output: Output,
  env: Environment = process.env,
): Promise<ExitCode> {
  const required = peersByName(options.require)
  const peers = peersByName(options.only.length === 0 ? [] : [...options.only, ...options.require])
  let statuses = await detectPeers(peers, env)
  if (options.install) {
    // Servers for one scenario are not put on everybody's machine: they are installed when named.
    const wanted = (name: string): boolean => options.only.includes(name) || options.require.includes(name)
    const chosen = peers.filter(peer => peer.standard || wanted(peer.name))
    const before = statuses.filter(status => chosen.some(peer => peer.name === status.name))
    const after = await installPeers(chosen, before, env, line => output.err(`${line}\n`))
    statuses = statuses.map(status => after.find(each => each.name === status.name) ?? status)
  }
  if (options.json) output.out(`${JSON.stringify({ cacheFolder: cacheFolder(env), peers: statuses }, undefined, 2)}\n`)
  else output.out(renderPeers(statuses))
  const lacking =
    options.require.length === 0
      ? []
      : statuses.filter(status => status.missing !== undefined && required.some(peer => peer.name === status.name))
  if (lacking.length > 0) {
    const list = lacking.map(status => `${status.name} (${status.missing!.reason})`).join(', ')
    throw new PeerError('CHURN_PEER_MISSING', `required, but not to be had here: ${list}`)
  }
  return ExitCode.ok
}
