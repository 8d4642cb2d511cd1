import type { PeerStatus } from './detect.ts'

/** A table for people: a line for each program found, and for what is missing, why and what helps. */
export function renderPeers(statuses: readonly PeerStatus[]): string {
  const rows: (readonly string[])[] = []
  for (const status of statuses) {
    if (status.missing !== undefined) {
      const { reason, how } = status.missing
      rows.push([status.name, 'missing', `${reason} (${status.use}); ${how}`])
    }
    for (const [index, program] of status.found.entries()) {
      const name = index === 0 && status.missing === undefined ? status.name : ''
      const feature =
        program.kubernetesSd === undefined ? '' : ` (kubernetes_sd: ${program.kubernetesSd ? 'yes' : 'no'})`
      rows.push([name, program.version, `${program.path}${feature}`])
    }
  }
  const widths = [0, 1].map(column => Math.max(0, ...rows.map(row => row[column]!.length)))
  return rows.map(row => `${row[0]!.padEnd(widths[0]!)}  ${row[1]!.padEnd(widths[1]!)}  ${row[2]!}\n`).join('')
}
