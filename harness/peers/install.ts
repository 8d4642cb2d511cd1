import { aptInstall } from './apt.ts'
import { buildGoProgram } from './go-build.ts'
import { buildPrometheus } from './build-prometheus.ts'
import type { PeerDefinition } from './catalogue.ts'
import { detectPeer, type PeerStatus } from './detect.ts'
import type { Environment } from './environment.ts'
import { GO_PROGRAMS } from './go-programs.ts'

/** Receives one line about what is going on. */
export type Tell = (line: string) => void

export type InstallResult = { readonly installed: true } | { readonly installed: false; readonly reason: string }

/**
 * Brings in those peers that are missing, one after the other (package managers lock), and looks again.
 *
 * Nothing is done for a peer that is there. One that cannot be had keeps its place in the list, with the reason.
 */
export async function installPeers(
  peers: readonly PeerDefinition[],
  statuses: readonly PeerStatus[],
  env: Environment,
  tell: Tell,
): Promise<PeerStatus[]> {
  const out: PeerStatus[] = []
  for (const [index, peer] of peers.entries()) {
    const status = statuses[index]!
    if (status.missing === undefined) {
      out.push(status)
      continue
    }
    const result = await installOne(peer, env, tell)
    const now = await detectPeer(peer, env)
    if (now.missing === undefined) tell(`${peer.name} is installed: ${now.found[0]!.path}`)
    const reason = result.installed ? now.missing?.reason : result.reason
    out.push(
      now.missing === undefined ? now : { ...now, missing: { ...now.missing, reason: reason ?? now.missing.reason } },
    )
  }
  return out
}

function installOne(peer: PeerDefinition, env: Environment, tell: Tell): Promise<InstallResult> {
  // Debian's own Prometheus has no kubernetes_sd: the package is for promtool, never for this.
  if (peer.name === 'prometheus') return buildPrometheus(env, tell)
  const program = GO_PROGRAMS[peer.name]
  if (program !== undefined) return buildGoProgram(program, env, tell)
  if (peer.aptPackage !== undefined) return aptInstall(peer.aptPackage, env, tell)
  return Promise.resolve({ installed: false, reason: 'no package manager here offers it' })
}
