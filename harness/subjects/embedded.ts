import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Environment, isExecutable } from '../peers/index.ts'
import { counterTotal } from './counter-total.ts'
import { SubjectError } from './errors.ts'
import { launch, type LaunchPlan } from './launch.ts'
import { runningSubject } from './running-subject.ts'
import type { ExitInfo, SubjectDefinition } from './subject.ts'
import { inSourceLines, writeWorkFiles } from './work-files.ts'

/** The scraper compiled together with this file: build/harness/subjects → build/scraper. */
const OWN_PROGRAM = fileURLToPath(new URL('../../scraper/main.js', import.meta.url))

/** Meant for the harness' own Node (a debugger, a coverage tool): in the subject they would be measured as its cost. */
const NODE_VARIABLES = ['NODE_OPTIONS', 'NODE_V8_COVERAGE']

/**
 * The scraper of this project: another process like any other subject. `--bin` names another build of it (its
 * `main.js`, or any executable that takes Prometheus' flags).
 */
export function embeddedSubject(env: Environment = process.env): SubjectDefinition {
  return {
    kind: 'embedded',
    async start(clock, options) {
      const program = path.resolve(options.bin ?? OWN_PROGRAM)
      const files = writeWorkFiles('embedded', options)
      const start = commandOf(program, options.profile === true ? profileFlags(path.dirname(files.configPath)) : [])
      const childEnv = { ...env }
      for (const name of NODE_VARIABLES) delete childEnv[name]
      const plan: LaunchPlan = {
        kind: 'embedded',
        readyPath: '/-/ready',
        command: port => ({
          file: start[0],
          args: [
            ...start.slice(1),
            `--config.file=${files.configPath}`,
            `--storage.tsdb.path=${files.dataDir}`,
            `--web.listen-address=127.0.0.1:${port}`,
            ...(options.args ?? []),
          ],
          env: childEnv,
          cwd: path.dirname(files.configPath),
          logPath: files.logPath,
        }),
        faults: (exit, log) => faults(exit, log)?.map(line => inSourceLines(line, files.config)),
      }
      const launched = await launch(clock, plan, options.readyTimeoutMs)
      const profiled = options.profile !== true || isJavaScript(program)
      return runningSubject({
        plan,
        launched,
        files,
        version: versionOf(program),
        warnings: profiled ? [] : [`${program} is no JavaScript file: no profile of it is taken`],
        samplesAppended: async () =>
          counterTotal(await launched.client.text('/metrics'), 'prometheus_tsdb_head_samples_appended_total'),
      })
    },
  }
}

/**
 * Node writes its profiles when it ends in order, one for each thread. Every millisecond it looks, which costs a few per
 * cent; names are its own, so that threads do not overwrite each other's.
 */
function profileFlags(folder: string): string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}

function isJavaScript(program: string): boolean {
  return /\.[cm]?js$/.test(program)
}

/** @param nodeFlags for Node itself; a program that brings its own runtime gets none. */
function commandOf(program: string, nodeFlags: readonly string[]): readonly [string, ...string[]] {
  if (!existsSync(program)) {
    throw new SubjectError('CHURN_SUBJECT_BINARY', `the scraper ${program} is missing; \`npm run build\` compiles it`)
  }
  if (isJavaScript(program)) return [process.execPath, ...nodeFlags, program]
  if (isExecutable(program)) return [program]
  throw new SubjectError('CHURN_SUBJECT_BINARY', `${program} is neither JavaScript nor an executable file`)
}

/** 2 is our own exit code for usage and configuration; what it said then is the list. */
function faults(exit: ExitInfo, log: readonly string[]): readonly string[] | undefined {
  return exit.code === 2 ? log.map(line => line.trim()) : undefined
}

/** Of the package that the program belongs to; the embedded scraper has no version of its own. */
function versionOf(program: string): string {
  for (let dir = path.dirname(program); ; dir = path.dirname(dir)) {
    const manifest = path.join(dir, 'package.json')
    if (existsSync(manifest)) {
      const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: string }
      return version ?? 'unknown'
    }
    if (dir === path.dirname(dir)) return 'unknown'
  }
}
