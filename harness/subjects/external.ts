import { type Clock, describeError, formatDuration, type Timer } from '../../base/index.ts'
import { SEQUENCE_SERIES } from '../../sim/index.ts'
import { counterTotal } from './counter-total.ts'
import { SubjectError } from './errors.ts'
import { processUsage } from './process-usage.ts'
import { QueryClient } from './query-client.ts'
import type { ExitInfo, Subject, SubjectDefinition, SubjectOptions, SubjectSpec } from './subject.ts'
import { victoriaStorage } from './victoria-storage.ts'
import { type WorkFiles, writeWorkFiles } from './work-files.ts'

const KIND = 'external'

/** Quick enough for a person, and cheap. */
const POLL_MS = 250

/** How often it is looked whether its process is still there. */
const PROCESS_POLL_MS = 1_000

/**
 * A system that the user runs: nothing of it is started, configured or stopped here. A ready-to-use `prometheus.yml` is
 * written, the user is told what to do with it, and the trial begins when the system answers queries at its URL and, where
 * the configuration has Kubernetes discovery, watches the simulated API server.
 *
 * CPU and memory are those of the process `pid`, when it is named.
 */
export function externalSubject(): SubjectDefinition {
  return {
    kind: KIND,
    async start(clock, options) {
      const url = judged(options)
      const files = writeWorkFiles(KIND, options)
      const client = new QueryClient(clock, KIND, url)
      try {
        for (const line of instructions(url, files, options)) options.tell?.(line)
        await untilReady(clock, client, url, files, options)
        const page = await client.text('/metrics').catch(() => '')
        return running(clock, client, url, files, options, page)
      } catch (error) {
        await client.close()
        throw error
      }
    },
  }
}

/**
 * What belongs to an external subject is given with one, and with no other.
 *
 * @throws SubjectError CHURN_SUBJECT_EXTERNAL
 */
export function checkedSpec(spec: SubjectSpec): SubjectSpec {
  const { kind, url, pid } = spec
  if (kind === KIND) judged(spec)
  else if (url !== undefined) fail(`--url is for --subject external; ${kind} is started by churnbench`)
  else if (pid !== undefined) fail(`--pid is for --subject external; ${kind} is started by churnbench`)
  return spec
}

function fail(message: string): never {
  throw new SubjectError('CHURN_SUBJECT_EXTERNAL', message)
}

/** @throws SubjectError CHURN_SUBJECT_EXTERNAL */
function judged(options: Pick<SubjectOptions, 'url' | 'pid' | 'bin' | 'args'>): string {
  const { url, pid, bin, args = [] } = options
  if (url === undefined) return fail('an external subject needs --url, where its query API answers')
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) return fail(`--url ${url} is no HTTP URL`)
  if (bin !== undefined || args.length > 0)
    return fail('an external subject is not started: no --bin and no --subject-arg')
  if (pid !== undefined && processUsage(pid) === undefined) return fail(`there is no process ${pid} on this machine`)
  return url
}

function instructions(url: string, { config, configPath }: WorkFiles, { api }: SubjectOptions): string[] {
  return [
    `external subject: the simulated API server is ${api.url}`,
    `  let your system scrape by ${configPath} (it names the token and the certificate beside it), and reload it now,`,
    `  e.g. curl -X POST ${url.replace(/\/$/, '')}/-/reload`,
    config.kubernetesSdCount > 0
      ? `  waiting until it watches the API server and answers queries at ${url}`
      : `  waiting until it answers queries at ${url}`,
  ]
}

/** @throws SubjectError CHURN_SUBJECT_NOT_READY; what the signal is aborted with. */
async function untilReady(
  clock: Clock,
  client: QueryClient,
  url: string,
  { config }: WorkFiles,
  { apiWatches, api, readyTimeoutMs, signal }: SubjectOptions,
): Promise<void> {
  const deadlineNs = clock.monotonicNs() + BigInt(Math.ceil(readyTimeoutMs * 1e6))
  /** What is missing; `undefined` when nothing is. */
  const look = async (): Promise<string | undefined> => {
    let pods: number
    try {
      pods = (await client.instant(SEQUENCE_SERIES)).length
    } catch (error) {
      return describeError(error)
    }
    if (config.kubernetesSdCount > 0 && apiWatches !== undefined && (await apiWatches()) === 0) {
      return `${url} answers queries, but nobody watches the API server at ${api.url}; was the configuration reloaded?`
    }
    // The cluster is empty still. Those of an earlier run bear the names of this one's: they would be seen too early.
    return pods === 0 ? undefined : `it still shows ${pods} pods of an earlier run`
  }
  for (;;) {
    const missing = await look()
    if (missing === undefined) return
    signal?.throwIfAborted()
    if (clock.monotonicNs() >= deadlineNs) {
      throw new SubjectError(
        'CHURN_SUBJECT_NOT_READY',
        `the external subject was not ready within ${formatDuration(readyTimeoutMs)} (--ready-timeout): ${missing}`,
      )
    }
    await new Promise<void>(resolve => clock.schedule(POLL_MS, resolve))
  }
}

function running(
  clock: Clock,
  client: QueryClient,
  url: string,
  files: WorkFiles,
  { pid = 0 }: SubjectOptions,
  page: string,
): Subject {
  const process = new ForeignProcess(clock, pid)
  // Victoria's own way of being asked, whoever started it.
  const victoria = /\bvm_app_version\{/.test(page) ? victoriaStorage(clock, client) : undefined
  return {
    kind: KIND,
    version: versionIn(page),
    url,
    pid,
    command: [],
    configSha256: files.configSha256,
    files: [files.configPath],
    warnings: [
      ...files.config.warnings,
      ...(pid === 0 ? ['the process of the external subject is not known (--pid): no figures of CPU and memory'] : []),
    ],
    pprofUrl: url,
    exited: process.exited,
    resources: () => (pid === 0 ? undefined : processUsage(pid)),
    query: (promql, atUnixMs) => client.instant(promql, atUnixMs),
    rawSamples: (selector, min, max) => client.rawRange(selector, min, max),
    samplesAppended: async () =>
      counterTotal(await client.text('/metrics').catch(() => ''), 'prometheus_tsdb_head_samples_appended_total'),
    ...victoria,
    async stop() {
      process.close()
      await client.close()
      return { code: null, signal: null }
    },
  }
}

/** Of the programs that tell it at `/metrics`. */
function versionIn(page: string): string {
  const version =
    /^vm_app_version\{.*\bshort_version="v?([^"]+)"/m.exec(page) ??
    /^\w+_build_info\{.*\bversion="v?([^"]+)"/m.exec(page)
  return version?.[1] ?? 'unknown'
}

/** Watches a process that is not our child: its end is seen up to a second late, and how it ended is not known. */
class ForeignProcess {
  readonly exited: Promise<ExitInfo>
  #timer: Timer | undefined

  constructor(clock: Clock, pid: number) {
    this.exited = new Promise(resolve => {
      const look = (): void => {
        if (processUsage(pid) === undefined) resolve({ code: null, signal: null })
        else this.#timer = clock.schedule(PROCESS_POLL_MS, look)
      }
      if (pid !== 0) look()
    })
  }

  close(): void {
    this.#timer?.cancel()
  }
}
