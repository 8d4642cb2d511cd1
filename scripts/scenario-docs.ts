import { readFileSync, writeFileSync } from 'node:fs'
import { scenarioPage } from '../harness/docs/scenario-page.ts'
import { SCENARIOS } from '../scenarios/index.ts'

/**
 * Writes docs/scenarios.md from executors, actions and scenarios: `node build/scripts/scenario-docs.js`, after a build.
 *
 * `--check` writes nothing and fails when the file is not what would be written. Runs from the root of the checkout.
 */
const FILE = 'docs/scenarios.md'

const wanted = scenarioPage(SCENARIOS)
if (!process.argv.includes('--check')) {
  writeFileSync(FILE, wanted)
} else if (readFileSync(FILE, 'utf8') !== wanted) {
  process.stderr.write(`${FILE} is out of date: npm run build && node build/scripts/scenario-docs.js\n`)
  process.exitCode = 1
}
