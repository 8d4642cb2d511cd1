import path from 'node:path'
import { type Environment, lastWords, type ProgramResult, runProgram } from '../peers/index.ts'
import { configError, SubjectError } from './errors.ts'
import { goComplaints } from './go-complaints.ts'
import { inSourceLines, type WorkFiles } from './work-files.ts'

const STRICT_FLAG = '-promscrape.config.strictParse'
const DRY_RUN_TIMEOUT_MS = 30_000

/**
 * Lets VictoriaMetrics or vmagent judge its configuration before the start, since both serve HTTP before they have read it.
 *
 * It is asked strictly. When nothing but unknown fields stands between it and the configuration (both know only the part
 * of `prometheus.yml` that is about scraping), it is told to ignore these and each is named in a warning.
 *
 * @param args those that it is to be started with, as far as its judgement depends on them.
 * @returns what to add to them.
 * @throws SubjectError CHURN_SUBJECT_CONFIG
 */
export async function judgeVictoriaConfig(
  kind: string,
  file: string,
  files: WorkFiles,
  args: readonly string[],
  env: Environment,
): Promise<{ readonly args: readonly string[]; readonly warnings: readonly string[] }> {
  const dryRun = (more: readonly string[]): Promise<ProgramResult> =>
    runProgram(file, ['-dryRun', `-promscrape.config=${files.configPath}`, ...args, ...more], {
      env,
      cwd: path.dirname(files.configPath),
      timeoutMs: DRY_RUN_TIMEOUT_MS,
    })
  const strict = await dryRun([])
  if (strict.code === 0) return { args: [], warnings: [] }
  if (strict.code === -1) {
    throw new SubjectError('CHURN_SUBJECT_BINARY', `${file} cannot be executed: ${lastWords(strict, 1)}`)
  }
  const complaints = complaintsOf(strict, files)
  const unknown = complaints.map(complaint => /^line (\d+): field (\S+) not found in type /.exec(complaint))
  if (unknown.some(match => match === null)) throw configError(kind, complaints)
  const lenient = [`${STRICT_FLAG}=false`]
  const again = await dryRun(lenient)
  if (again.code !== 0) throw configError(kind, complaintsOf(again, files))
  const warnings = unknown.map(match => `line ${match![1]!}: ${kind} does not know ${match![2]!} and ignores it`)
  return { args: lenient, warnings }
}

function complaintsOf(said: ProgramResult, files: WorkFiles): string[] {
  const log = `${said.stdout}\n${said.stderr}`.split('\n').filter(line => line.trim() !== '')
  return goComplaints(log).map(line => inSourceLines(line, files.config))
}
