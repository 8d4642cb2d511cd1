import { renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { makeFolder } from '../../base/index.ts'
import { cacheFolder } from './cache-folder.ts'
import type { Environment } from './environment.ts'
import { goEnvironment, goFlags, goProgram, writeModule } from './go-module.ts'
import type { GoProgram } from './go-programs.ts'
import type { InstallResult, Tell } from './install.ts'
import { lastWords, type ProgramResult, runProgram } from './run-program.ts'

/**
 * Builds a program of others from its Go modules into the cache folder.
 *
 * It is built in a module of our own, `<cache>/build/<name>-<version>/`, since `go install module@version` refuses modules
 * with `replace` lines, as vmagent's is, and since the collector is put together here.
 */
export async function buildGoProgram(program: GoProgram, env: Environment, tell: Tell): Promise<InstallResult> {
  const { name, version } = program
  const go = goProgram(env)
  if (go === undefined) return { installed: false, reason: 'it is built with Go, and there is no go on this machine' }
  const folder = path.join(cacheFolder(env), 'build', `${name}-${version}`)
  writeModule(folder, name, program.replaces)
  if (program.source !== undefined) writeFileSync(path.join(folder, 'main.go'), program.source)
  const target = path.join(cacheFolder(env), 'bin', name)
  makeFolder(path.dirname(target))
  const unfinished = `${target}.${process.pid}.new`
  const run = (args: readonly string[]): Promise<ProgramResult> =>
    runProgram(go, args, { env: { ...goEnvironment(env), GOFLAGS: goFlags(env, program.tags) }, cwd: folder })
  tell(`building ${name} ${version} with ${go}; the first time this takes some minutes`)
  try {
    const got = await run(['get', ...program.modules])
    if (got.code !== 0) return { installed: false, reason: `the modules of ${name} cannot be had: ${lastWords(got)}` }
    const told = program.versionVariable?.replace('%', version)
    const ldflags = `-s -w${told === undefined ? '' : ` -X ${told}`}`
    const built = await run(['build', '-ldflags', ldflags, '-o', unfinished, program.command ?? '.'])
    if (built.code !== 0) return { installed: false, reason: `${name} cannot be built: ${lastWords(built)}` }
    // In one step, so that nobody ever sees half a program.
    renameSync(unfinished, target)
    return { installed: true }
  } finally {
    rmSync(unfinished, { force: true })
  }
}
