import path from 'node:path'
import {
  cachedPrometheus,
  type Environment,
  inspectPrometheus,
  isExecutable,
  type PrometheusBinary,
  prometheusCandidates,
} from '../peers/index.ts'
import { counterTotal } from './counter-total.ts'
import { SubjectError } from './errors.ts'
import { goComplaints } from './go-complaints.ts'
import { launch, type LaunchPlan } from './launch.ts'
import { runningSubject } from './running-subject.ts'
import type { ExitInfo, SubjectDefinition, SubjectOptions } from './subject.ts'
import { inSourceLines, writeWorkFiles } from './work-files.ts'

/** One series for each type of sample since 2.41. */
const APPENDED = 'prometheus_tsdb_head_samples_appended_total'

const GET_ONE = '`npm run peers -- --install` builds one with Go'

/**
 * The real Prometheus: `--bin`, `$CHURNBENCH_PROMETHEUS`, the one built by `npm run peers`, or any on `PATH`.
 *
 * The first two are taken at their word; among the others, the first that fits is taken. A configuration with
 * `kubernetes_sd_configs` needs one that was built with it (Debian's is not).
 */
export function prometheusSubject(env: Environment = process.env): SubjectDefinition {
  return {
    kind: 'prometheus',
    async start(clock, options) {
      const files = writeWorkFiles('prometheus', options)
      const binary = await chooseBinary(options, files.config.kubernetesSdCount > 0, env)
      const plan: LaunchPlan = {
        kind: 'prometheus',
        readyPath: '/-/ready',
        command: port => ({
          file: binary.path,
          args: [
            `--config.file=${files.configPath}`,
            `--storage.tsdb.path=${files.dataDir}`,
            `--web.listen-address=127.0.0.1:${port}`,
            ...(options.args ?? []),
          ],
          env,
          cwd: path.dirname(files.configPath),
          logPath: files.logPath,
        }),
        faults: (exit, log) =>
          refusedSomething(exit, log) ? goComplaints(log).map(line => inSourceLines(line, files.config)) : undefined,
      }
      const launched = await launch(clock, plan, options.readyTimeoutMs)
      return runningSubject({
        plan,
        launched,
        files,
        version: binary.version,
        warnings: [],
        pprofUrl: launched.url,
        samplesAppended: async () => counterTotal(await launched.client.text('/metrics'), APPENDED),
      })
    },
  }
}

/** 2 is its exit code for a refused configuration, and 2 or 1 that for refused flags. */
function refusedSomething(exit: ExitInfo, log: readonly string[]): boolean {
  return exit.code === 2 || log.some(line => /^Error parsing command ?line arguments/.test(line))
}

async function chooseBinary(
  options: SubjectOptions,
  needsKubernetesSd: boolean,
  env: Environment,
): Promise<PrometheusBinary> {
  const named = options.bin ?? (env['CHURNBENCH_PROMETHEUS'] || undefined)
  const candidates = named === undefined ? prometheusCandidates(env) : [path.resolve(named)]
  if (candidates.length === 0) {
    throw missing(`prometheus was found neither as ${cachedPrometheus(env)} nor on PATH; ${GET_ONE}`)
  }
  const whyNot: string[] = []
  for (const file of candidates) {
    if (!isExecutable(file)) whyNot.push(`${file} is not an executable file`)
    else {
      const binary = await inspectPrometheus(file, env)
      if (binary === undefined) whyNot.push(`${file} does not answer --version as Prometheus does`)
      else if (needsKubernetesSd && !binary.kubernetesSd) {
        whyNot.push(`${file} (${binary.version}) is built without kubernetes_sd, which the configuration needs`)
      } else return binary
    }
  }
  throw missing(`${whyNot.join('; ')}; ${GET_ONE}, or name another with --bin or $CHURNBENCH_PROMETHEUS`)
}

function missing(message: string): SubjectError {
  return new SubjectError('CHURN_SUBJECT_BINARY', message)
}
