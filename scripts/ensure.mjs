/**
 * Makes a fresh clone runnable: installs what package-lock.json names and compiles what changed. Plain JavaScript
 * without dependencies, because it runs before there are any. In an installed package there is nothing to do.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const SOURCES = ['base', 'sim', 'scraper', 'harness', 'scenarios', 'reports', 'scripts', 'test']
/** The program, and the page that browsers run. */
const PROJECTS = ['tsconfig.json', 'harness/ui/page/tsconfig.json']
const [MAJOR, MINOR] = [20, 19]

export function ensureReady() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < MAJOR || (major === MAJOR && minor < MINOR)) {
    fail(`churnbench needs Node ${MAJOR}.${MINOR} or later; this is ${process.versions.node}`)
  }
  if (!existsSync(join(root, 'tsconfig.json'))) return
  install()
  build()
}

/** Installs when the lock file is not the one that was installed last. */
function install() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const stamp = join(root, 'node_modules', '.churnbench-lock')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  if (installedByHand()) {
    writeFileSync(stamp, lock)
    return
  }
  console.error('installing dependencies …')
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
  writeFileSync(stamp, lock)
}

/** Whether somebody ran `npm ci` or `npm install` since the lock file changed, with what is needed to compile. */
function installedByHand() {
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installed) || !existsSync(join(root, 'node_modules', 'typescript', 'bin', 'tsc'))) return false
  return statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs
}

/** Compiles when a source is newer than the last compilation, or was removed since. */
function build() {
  const stamp = join(root, 'build', '.stamp')
  const files = SOURCES.flatMap(folder => listSources(join(root, folder)))
  files.push(...PROJECTS.map(project => join(root, project)), join(root, 'node_modules', '.churnbench-lock'))
  const newest = Math.max(...files.map(file => statSync(file).mtimeMs))
  const state = `${newest} ${files.length}`
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return
  console.error('compiling …')
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  for (const project of PROJECTS) run(process.execPath, [tsc, '-p', project])
  mkdirSync(join(root, 'build'), { recursive: true })
  writeFileSync(stamp, state)
}

function listSources(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => join(entry.parentPath ?? entry.path, entry.name))
}

function run(command, args) {
  // What these say belongs on stderr: stdout is for reports (--json).
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (error !== undefined) fail(`cannot run ${command}: ${error.message}`)
  if (status !== 0) fail(`${command} ${args[0]} failed (exit ${status}); what it said is above`)
}

function fail(sentence) {
  console.error(sentence)
  process.exit(2)
}
