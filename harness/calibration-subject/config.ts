import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { parseDuration } from '../../base/index.ts'
import { UsageError } from './options.ts'

/** What is needed of a `prometheus.yml`: its first job with pods of a cluster. All else in it is not looked at. */
export interface Config {
  readonly scrapeIntervalMs: number
  readonly job: string
  readonly apiServer: string
  readonly token: string
  readonly caPem: string
}

interface Yaml {
  readonly global?: { readonly scrape_interval?: string }
  readonly scrape_configs?: readonly {
    readonly job_name?: string
    readonly scrape_interval?: string
    readonly kubernetes_sd_configs?: readonly {
      readonly role?: string
      readonly api_server?: string
      readonly authorization?: { readonly credentials_file?: string }
      readonly tls_config?: { readonly ca_file?: string }
    }[]
  }[]
}

/** @throws UsageError */
export function readConfig(path: string): Config {
  const yaml = parse(readFileSync(path, 'utf8')) as Yaml
  for (const job of yaml.scrape_configs ?? []) {
    const discovery = job.kubernetes_sd_configs?.find(({ role }) => role === 'pod')
    if (discovery === undefined) continue
    const { api_server: apiServer, authorization, tls_config: tls } = discovery
    if (apiServer === undefined || authorization?.credentials_file === undefined || tls?.ca_file === undefined) {
      throw new UsageError('kubernetes_sd_configs: api_server, credentials_file and ca_file are needed')
    }
    return {
      scrapeIntervalMs: parseDuration(job.scrape_interval ?? yaml.global?.scrape_interval ?? '1m'),
      job: job.job_name ?? 'pods',
      apiServer,
      token: readFileSync(authorization.credentials_file, 'utf8').trim(),
      caPem: readFileSync(tls.ca_file, 'utf8'),
    }
  }
  throw new UsageError('scrape_configs: no job with kubernetes_sd_configs of role pod')
}
