import path from 'node:path'
import { type Environment, peerVersion } from '../peers/index.ts'
import { startAgent } from './agent.ts'
import { goComplaints } from './go-complaints.ts'
import { programOf } from './program-of.ts'
import type { SubjectDefinition } from './subject.ts'
import { judgeVictoriaConfig } from './victoria-config.ts'
import { writeWorkFiles } from './work-files.ts'

const KIND = 'vmagent'

/**
 * `-remoteWrite.flushInterval` is 1 s, and it looks once a second whether it has passed, on a clock of whole seconds: a
 * sample waits up to two.
 */
const UNDER_WAY_MS_MAX = 2_500

/**
 * vmagent: `--bin`, the one built by `npm run peers`, or any on `PATH`. Its samples go to a sink of ours.
 *
 * All of its defaults are kept: Kubernetes is asked every 30 s (`-promscrape.kubernetesSDCheckInterval`), samples are sent
 * every second (`-remoteWrite.flushInterval`). It forwards values as doubles and changes none.
 */
export function vmagentSubject(env: Environment = process.env): SubjectDefinition {
  return {
    kind: KIND,
    answersQueries: false,
    async start(clock, options) {
      const files = writeWorkFiles(KIND, options)
      const file = programOf(KIND, options, env)
      const args = options.args ?? []
      const version = await peerVersion(KIND, file, env)
      const judged = await judgeVictoriaConfig(KIND, file, files, args, env)
      return startAgent(clock, {
        files,
        version,
        warnings: judged.warnings,
        readyTimeoutMs: options.readyTimeoutMs,
        underWayMsMax: UNDER_WAY_MS_MAX,
        pprofUrl: url => url,
        plan: writeUrl => ({
          kind: KIND,
          readyPath: '/-/ready',
          command: port => ({
            file,
            args: [
              `-promscrape.config=${files.configPath}`,
              `-remoteWrite.url=${writeUrl}`,
              `-remoteWrite.tmpDataPath=${files.dataDir}`,
              `-httpListenAddr=127.0.0.1:${port}`,
              ...args,
              ...judged.args,
            ],
            env,
            cwd: path.dirname(files.configPath),
            logPath: files.logPath,
          }),
          faults: (exit, log) => (exit.code === 2 ? goComplaints(log) : undefined),
        }),
      })
    },
  }
}
