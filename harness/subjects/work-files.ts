import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type FilledConfig, fillPrometheusConfig } from './prometheus-config.ts'
import type { SubjectOptions } from './subject.ts'

/** What a subject is given, on disk. */
export interface WorkFiles {
  readonly configPath: string
  readonly logPath: string
  readonly dataDir: string
  readonly config: FilledConfig
  /** Of the configuration as its author wrote it, hence the same for all subjects and ports. */
  readonly configSha256: string
}

/** They hold or name credentials: for this user only. */
const PRIVATE = 0o600

/**
 * Writes the filled configuration, the token and the CA into the working folder.
 *
 * @throws SubjectError CHURN_SUBJECT_CONFIG
 */
export function writeWorkFiles(kind: string, options: SubjectOptions): WorkFiles {
  const dir = path.resolve(options.workDir)
  const credentialsFile = path.join(dir, 'api-token')
  const caFile = path.join(dir, 'api-ca.crt')
  const { url } = options.api
  const config = fillPrometheusConfig(options.config, { url, credentialsFile, caFile }, options.configDir)
  const configPath = path.join(dir, 'prometheus.yml')
  writeFileSync(credentialsFile, options.api.token, { mode: PRIVATE })
  writeFileSync(caFile, options.api.caPem, { mode: PRIVATE })
  writeFileSync(configPath, config.text, { mode: PRIVATE })
  return {
    configPath,
    logPath: path.join(dir, `${kind}.log`),
    dataDir: path.join(dir, 'data'),
    config,
    configSha256: createHash('sha256').update(options.config).digest('hex'),
  }
}

/** In a subject's complaint about the filled file, the line numbers of the user's own. */
export function inSourceLines(complaint: string, config: FilledConfig): string {
  return complaint.replaceAll(/\bline (\d+)\b/g, (_, line: string) => `line ${config.sourceLine(Number(line))}`)
}
