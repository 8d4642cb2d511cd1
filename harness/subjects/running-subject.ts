import type { LaunchPlan, Launched } from './launch.ts'
import { scrapeTargets } from './scrape-targets.ts'
import type { InstantSample, RawSeries, Subject } from './subject.ts'
import type { WorkFiles } from './work-files.ts'

export interface RunningOptions {
  readonly plan: LaunchPlan
  readonly launched: Launched
  readonly files: WorkFiles
  readonly version: string
  readonly warnings: readonly string[]
  /** Absent: its query API. */
  readonly query?: (promql: string, atUnixMs?: number) => Promise<InstantSample[]>
  /** Absent: a range selector in an instant query. */
  readonly rawSamples?: (selector: string, minUnixMs: number, maxUnixMs: number) => Promise<RawSeries[]>
  readonly samplesAppended?: () => Promise<number | undefined>
  readonly samplesAppendedLateMs?: number
  readonly valueErrorRatioMax?: number
  readonly pprofUrl?: string
}

/** What all kinds have in common once they run. */
export function runningSubject(options: RunningOptions): Subject {
  const { plan, launched, files, samplesAppended, samplesAppendedLateMs, valueErrorRatioMax, pprofUrl } = options
  const { child, client, command } = launched
  const { query = (promql, atUnixMs) => client.instant(promql, atUnixMs) } = options
  const { rawSamples = (selector, min, max) => client.rawRange(selector, min, max) } = options
  return {
    kind: plan.kind,
    version: options.version,
    url: launched.url,
    pid: child.pid,
    command: [command.file, ...command.args],
    configSha256: files.configSha256,
    files: [files.configPath, files.logPath],
    warnings: [...files.config.warnings, ...options.warnings],
    ...(valueErrorRatioMax === undefined ? {} : { valueErrorRatioMax }),
    ...(samplesAppended === undefined ? {} : { samplesAppended }),
    ...(samplesAppendedLateMs === undefined ? {} : { samplesAppendedLateMs }),
    ...(pprofUrl === undefined ? {} : { pprofUrl }),
    exited: child.exited,
    resources: () => child.usage(),
    query,
    rawSamples,
    targets: () => scrapeTargets(client),
    async stop() {
      // Its own last words first: connections are cut only afterwards, so that no query of ours is an error in its log.
      const exit = await child.stop()
      await client.close()
      return exit
    },
  }
}
