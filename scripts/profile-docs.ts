import { readFileSync, writeFileSync } from 'node:fs'
import { profilePage } from '../harness/docs/profile-page.ts'

/**
 * Writes docs/profiles.md from the profiles: `npm run docs`.
 *
 * `--check` writes nothing and fails when the file is not what would be written. Runs from the root of the checkout.
 */
const FILE = 'docs/profiles.md'

const wanted = profilePage()
if (!process.argv.includes('--check')) {
  writeFileSync(FILE, wanted)
} else if (readFileSync(FILE, 'utf8') !== wanted) {
  process.stderr.write(`${FILE} is out of date: npm run docs\n`)
  process.exitCode = 1
}
