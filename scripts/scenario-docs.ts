import { readFileSync, writeFileSync } from 'node:fs'
import { misbehaviourPage } from '../harness/docs/misbehaviour-page.ts'
import { scenarioPage } from '../harness/docs/scenario-page.ts'
import { SCENARIOS } from '../scenarios/index.ts'

/**
 * Writes docs/scenarios.md from executors, actions and scenarios, and docs/misbehaviour.md from the catalogue of what targets can do
 * wrong: `node build/scripts/scenario-docs.js`, after a build.
 *
 * `--check` writes nothing and fails when a file is not what would be written. Runs from the root of the checkout.
 */
const PAGES = [
  ['docs/scenarios.md', scenarioPage(SCENARIOS)],
  ['docs/misbehaviour.md', misbehaviourPage()],
] as const

for (const [file, wanted] of PAGES) {
  if (!process.argv.includes('--check')) {
    writeFileSync(file, wanted)
  } else if (readFileSync(file, 'utf8') !== wanted) {
    process.stderr.write(`${file} is out of date: npm run build && node build/scripts/scenario-docs.js\n`)
    process.exitCode = 1
  }
}
