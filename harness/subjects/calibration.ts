import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../peers/index.ts'
import { SubjectError } from './errors.ts'
import { launch, type LaunchPlan } from './launch.ts'
import { runningSubject } from './running-subject.ts'
import type { SubjectDefinition } from './subject.ts'
import { inSourceLines, writeWorkFiles } from './work-files.ts'

/** Compiled together with this file: build/harness/subjects → build/harness/calibration-subject. */
const PROGRAM = fileURLToPath(new URL('../calibration-subject/main.js', import.meta.url))

/** Meant for the harness' own Node: see embedded.ts. */
const NODE_VARIABLES = ['NODE_OPTIONS', 'NODE_V8_COVERAGE']

/** Where it writes what it did; beside its log. */
export const LEDGER_FILE = 'ledger.json'

/**
 * A subject with known faults, for the harness to be checked against: `--subject-arg=--lose-samples=1/97` and the like
 * (harness/calibration-subject/options.ts). It understands role `pod` and the customary annotations, and no relabelling.
 */
export function calibrationSubject(env: Environment = process.env): SubjectDefinition {
  return {
    kind: 'calibration',
    async start(clock, options) {
      if (!existsSync(PROGRAM)) {
        throw new SubjectError('CHURN_SUBJECT_BINARY', `${PROGRAM} is missing; \`npm run build\` compiles it`)
      }
      const files = writeWorkFiles('calibration', options)
      const ledgerFile = path.join(path.dirname(files.configPath), LEDGER_FILE)
      const childEnv = { ...env }
      for (const name of NODE_VARIABLES) delete childEnv[name]
      const plan: LaunchPlan = {
        kind: 'calibration',
        readyPath: '/-/ready',
        command: port => ({
          file: process.execPath,
          args: [
            PROGRAM,
            `--config-file=${files.configPath}`,
            `--ledger-file=${ledgerFile}`,
            `--port=${port}`,
            ...(options.args ?? []),
          ],
          env: childEnv,
          cwd: path.dirname(files.configPath),
          logPath: files.logPath,
        }),
        faults: (exit, log) =>
          exit.code === 2 ? log.map(line => inSourceLines(line.trim(), files.config)) : undefined,
      }
      const launched = await launch(clock, plan, options.readyTimeoutMs)
      const running = runningSubject({ plan, launched, files, version: process.versions.node, warnings: [] })
      return { ...running, files: [...running.files, ledgerFile] }
    },
  }
}
