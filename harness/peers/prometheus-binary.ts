import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { cacheFolder } from './cache-folder.ts'
import type { Environment } from './environment.ts'
import { findPrograms, isExecutable } from './find-program.ts'
import { runProgram } from './run-program.ts'

export interface PrometheusBinary {
  readonly path: string
  /** As it says itself, e.g. `3.16.0`; `unknown` when it says nothing we understand. */
  readonly version: string
  /** Whether it was built with Kubernetes service discovery; Debian's is not. */
  readonly kubernetesSd: boolean
}

const PROBE_TIMEOUT_MS = 20_000

/**
 * A configuration that every Prometheus refuses, because of its last line. It names all fields it does not know, so one
 * built without `kubernetes_sd` complains of two; the refusal comes before anything is opened or listened to.
 */
const PROBE_CONFIG = `scrape_configs:
  - job_name: probe
    kubernetes_sd_configs:
      - role: pod
    churnbench_probe: true
`

/** Where Prometheus is looked for when nobody names a file: the cache folder, then `PATH`. In order of preference. */
export function prometheusCandidates(env: Environment = process.env): string[] {
  const cached = cachedPrometheus(env)
  const onPath = findPrograms(['prometheus'], env)
  return isExecutable(cached) ? [cached, ...onPath.filter(file => file !== cached)] : onPath
}

/** Where `npm run peers -- --install` puts the one it builds. */
export function cachedPrometheus(env: Environment = process.env): string {
  return path.join(cacheFolder(env), 'bin', 'prometheus')
}

/** Asks a program what it is. `undefined`: it is no Prometheus, or does not run here. Takes some 0.2 s. */
export async function inspectPrometheus(
  file: string,
  env: Environment = process.env,
): Promise<PrometheusBinary | undefined> {
  const said = await runProgram(file, ['--version'], { env, timeoutMs: PROBE_TIMEOUT_MS })
  const version = /^prometheus, version (\S+)/m.exec(`${said.stdout}\n${said.stderr}`)?.[1]
  if (said.code !== 0 || version === undefined) return undefined
  const folder = mkdtempSync(path.join(tmpdir(), 'churnbench-probe-'))
  try {
    const config = path.join(folder, 'prometheus.yml')
    writeFileSync(config, PROBE_CONFIG)
    const refused = await runProgram(file, [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`], {
      env,
      cwd: folder,
      timeoutMs: PROBE_TIMEOUT_MS,
    })
    const complaint = `${refused.stdout}\n${refused.stderr}`
    const kubernetesSd = complaint.includes('churnbench_probe') && !complaint.includes('kubernetes_sd_configs')
    return { path: file, version, kubernetesSd }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
