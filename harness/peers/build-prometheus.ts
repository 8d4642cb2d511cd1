import { renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { makeFolder } from '../../base/index.ts'
import { cacheFolder } from './cache-folder.ts'
import type { Environment } from './environment.ts'
import { goEnvironment, goFlags, goProgram, writeModule } from './go-module.ts'
import type { InstallResult, Tell } from './install.ts'
import { cachedPrometheus, inspectPrometheus } from './prometheus-binary.ts'
import { lastWords, type ProgramResult, runProgram } from './run-program.ts'

const MODULE = 'github.com/prometheus/prometheus'
const COMMAND = `${MODULE}/cmd/prometheus`

/** Of all its discoveries only Kubernetes': the others bring hundreds of modules, of which not all can always be had. */
const TAGS = 'remove_all_sd,enable_kubernetes_sd'

/** How many releases are tried, newest first, before giving up. */
const VERSIONS_MAX = 4

/**
 * Builds a current Prometheus from its Go module into the cache folder.
 *
 * `go install module@version` refuses modules with `replace` or `exclude` lines, as Prometheus' is. So it is built as a
 * dependency of a module of our own, which has none: `<cache>/build/<version>/`. A release that cannot be built here
 * (a dependency cannot be had, it wants a newer Go) gives way to the one before it.
 */
export async function buildPrometheus(env: Environment, tell: Tell): Promise<InstallResult> {
  const go = goProgram(env)
  if (go === undefined) return { installed: false, reason: 'it is built with Go, and there is no go on this machine' }
  const root = path.join(cacheFolder(env), 'build')
  const lookup = path.join(root, 'versions')
  writeModule(lookup, 'versions')
  const listed = await runProgram(go, ['list', '-m', '-versions', MODULE], { env: goEnvironment(env), cwd: lookup })
  if (listed.code !== 0) {
    return { installed: false, reason: `go cannot list the versions of ${MODULE}: ${lastWords(listed)}` }
  }
  const versions = stableVersions(listed.stdout).slice(0, VERSIONS_MAX)
  if (versions.length === 0) return { installed: false, reason: `go knows no release 3.x of ${MODULE}` }
  const failures: string[] = []
  for (const version of versions) {
    const failure = await buildVersion(go, version, path.join(root, version), env, tell)
    if (failure === undefined) return { installed: true }
    tell(failure)
    failures.push(failure)
  }
  return { installed: false, reason: failures.join('; ') }
}

/** Returns why it could not be done; `undefined` when it is in the cache folder. */
async function buildVersion(
  go: string,
  version: string,
  folder: string,
  env: Environment,
  tell: Tell,
): Promise<string | undefined> {
  const release = releaseOf(version)
  tell(`building Prometheus ${release} with ${go}; the first time this takes some minutes`)
  writeModule(folder, 'prometheus')
  const target = cachedPrometheus(env)
  makeFolder(path.dirname(target))
  const unfinished = `${target}.${process.pid}.new`
  const run = (args: readonly string[]): Promise<ProgramResult> =>
    runProgram(go, args, { env: { ...goEnvironment(env), GOFLAGS: goFlags(env, TAGS) }, cwd: folder })
  try {
    const got = await run(['get', `${COMMAND}@${version}`])
    if (got.code !== 0) return `Prometheus ${release}: its module cannot be had: ${lastWords(got)}`
    const ldflags = `-s -w -X github.com/prometheus/common/version.Version=${release}`
    const built = await run(['build', '-ldflags', ldflags, '-o', unfinished, COMMAND])
    if (built.code !== 0) return `Prometheus ${release} cannot be built: ${lastWords(built)}`
    const binary = await inspectPrometheus(unfinished, env)
    if (binary?.kubernetesSd !== true) return `Prometheus ${release} was built, but does not know kubernetes_sd`
    // In one step, so that nobody ever sees half a program.
    renameSync(unfinished, target)
    return undefined
  } finally {
    rmSync(unfinished, { force: true })
  }
}

/**
 * Releases 3.x among the versions that Go lists, newest first.
 *
 * As a Go module, Prometheus 3.16.0 is v0.316.0 and 2.45.0 was v0.45.0; v1.x and v2.x are older still, and a suffix
 * means a release candidate.
 */
export function stableVersions(listed: string): string[] {
  return listed
    .split(/\s+/)
    .map(word => /^v0\.(3\d\d)\.(\d+)$/.exec(word))
    .filter(match => match !== null)
    .sort((a, b) => Number(b[1]) - Number(a[1]) || Number(b[2]) - Number(a[2]))
    .map(match => match[0])
}

/** v0.316.0 → 3.16.0 */
export function releaseOf(version: string): string {
  const [, minor = '', patch = ''] = version.split('.')
  return `${minor[0]}.${Number(minor.slice(1))}.${patch}`
}
