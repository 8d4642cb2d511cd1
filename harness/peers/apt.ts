import type { Environment } from './environment.ts'
import { findProgram } from './find-program.ts'
import { lastWords, runProgram } from './run-program.ts'
import type { InstallResult, Tell } from './install.ts'

/** How `apt-get` may be run here: `[apt-get]`, `[sudo, -n, apt-get]`, or why it may not. */
async function aptCommand(env: Environment): Promise<readonly [string, ...string[]] | { readonly refused: string }> {
  const apt = findProgram('apt-get', env)
  if (apt === undefined) return { refused: 'this machine has no apt-get' }
  if (process.getuid?.() === 0) return [apt]
  const sudo = findProgram('sudo', env)
  if (sudo !== undefined && (await runProgram(sudo, ['-n', 'true'], { env })).code === 0) return [sudo, '-n', apt]
  return { refused: 'apt-get needs root, or a sudo that asks for no password' }
}

/**
 * Installs one Debian package, without what it only recommends. The package lists are fetched first when the package
 * is not in them.
 */
export async function aptInstall(packageName: string, env: Environment, tell: Tell): Promise<InstallResult> {
  const command = await aptCommand(env)
  if ('refused' in command) return { installed: false, reason: command.refused }
  const [file, ...args] = command
  const run = (more: readonly string[]) => {
    tell(`running ${[...command, ...more].join(' ')}`)
    const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive' }
    // sudo keeps no variables: the front end is named on the command line, too.
    return runProgram(file, [...args, '-o', 'Dpkg::Use-Pty=0', ...more], { env: quiet })
  }
  const install = ['install', '--yes', '--no-install-recommends', packageName]
  let result = await run(install)
  if (result.code !== 0 && /Unable to locate package|no installation candidate|404 {2}Not Found/.test(result.stderr)) {
    const update = await run(['update'])
    if (update.code !== 0) return { installed: false, reason: `apt-get update failed: ${lastWords(update)}` }
    result = await run(install)
  }
  if (result.code === 0) return { installed: true }
  return { installed: false, reason: `apt-get install ${packageName} failed: ${lastWords(result)}` }
}
