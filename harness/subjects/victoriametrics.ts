import path from 'node:path'
import { type Environment, peerVersion } from '../peers/index.ts'
import { goComplaints } from './go-complaints.ts'
import { launch, type LaunchPlan } from './launch.ts'
import { runningSubject } from './running-subject.ts'
import { programOf } from './program-of.ts'
import type { SubjectDefinition } from './subject.ts'
import { judgeVictoriaConfig } from './victoria-config.ts'
import { victoriaStorage } from './victoria-storage.ts'
import { writeWorkFiles } from './work-files.ts'

const KIND = 'victoriametrics'

/** Longer than any run. */
const RETENTION = '1y'

/**
 * VictoriaMetrics, single node: `--bin` or any on `PATH`.
 *
 * All of its defaults are kept, also those that make it look slow here, because they are what its users have:
 * Kubernetes is asked every 30 s (`-promscrape.kubernetesSDCheckInterval`), and instant queries look 30 s back
 * (`-search.latencyOffset`). Both can be set with subject arguments.
 *
 * Beware when measuring visibility: it remembers for up to ten seconds that a selector matched nothing, so that asking
 * too early delays the answer. Measured with 1.79.5 and one static target, three runs each: polled from the start, a new
 * series was seen after 10.0 s; asked first after 1.5 s, at once; with a force_flush before each question, after 1.2 s.
 */
export function victoriaMetricsSubject(env: Environment = process.env): SubjectDefinition {
  return {
    kind: KIND,
    async start(clock, options) {
      const files = writeWorkFiles(KIND, options)
      const file = programOf('victoria-metrics', options, env)
      const args = options.args ?? []
      const judged = await judgeVictoriaConfig(KIND, file, files, args, env)
      const plan: LaunchPlan = {
        kind: KIND,
        readyPath: '/-/ready',
        command: port => ({
          file,
          args: [
            `-promscrape.config=${files.configPath}`,
            `-storageDataPath=${files.dataDir}`,
            `-httpListenAddr=127.0.0.1:${port}`,
            `-retentionPeriod=${RETENTION}`,
            ...args,
            ...judged.args,
          ],
          env,
          cwd: path.dirname(files.configPath),
          logPath: files.logPath,
        }),
        faults: (exit, log) => (exit.code === 2 ? goComplaints(log) : undefined),
      }
      const version = await peerVersion('victoria-metrics', file, env)
      const launched = await launch(clock, plan, options.readyTimeoutMs)
      const { client } = launched
      return runningSubject({
        plan,
        launched,
        files,
        version,
        warnings: judged.warnings,
        ...victoriaStorage(clock, client),
        pprofUrl: launched.url,
      })
    },
  }
}
