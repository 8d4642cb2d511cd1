/**
 * Runs the whole test suite: `npm test`, or `npm test -- build/test/x.test.js …` for some files. `npm run test:long` runs what
 * takes minutes and looks for rare faults: many seeds, large sizes.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ensureReady, root } from './ensure.mjs'

ensureReady()
const tap = join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')
// tap generates its plugin set once after an install; without it the first run would do so in the middle of its output.
if (!existsSync(join(root, '.tap', 'plugins'))) await runTap(['build'])

const LONG = 'build/test/long'
const args = process.argv.slice(2)
const files = args.includes('--long')
  ? readdirSync(join(root, LONG))
      .filter(name => name.endsWith('.long.js'))
      .map(name => `${LONG}/${name}`)
  : args
const code = await runTap(['run', ...(args.includes('--long') ? ['--timeout=3600'] : []), ...files])
process.exit(code)

function runTap(args) {
  return new Promise(resolve => {
    const child = spawn(process.execPath, [tap, ...args], { cwd: root, stdio: 'inherit' })
    child.on('exit', (status, signal) => resolve(signal === null ? (status ?? 1) : 1))
  })
}
