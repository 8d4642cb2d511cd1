import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Environment } from './environment.ts'

/** Whether `file` is a regular file that this user may execute. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** The first executable of that name on `PATH`; `undefined` when there is none. */
export function findProgram(name: string, env: Environment = process.env): string | undefined {
  return findPrograms([name], env)[0]
}

/**
 * All executables of those names, on `PATH` and then in `folders`, in that order.
 *
 * A program reached by several ways (links, a folder named twice) is listed once, by the first.
 */
export function findPrograms(
  names: readonly string[],
  env: Environment = process.env,
  folders: readonly string[] = [],
): string[] {
  const seen = new Set<string>()
  const found: string[] = []
  const onPath = (env['PATH'] ?? '').split(path.delimiter).filter(folder => path.isAbsolute(folder))
  for (const folder of [...onPath, ...folders]) {
    for (const name of names) {
      const file = path.join(folder, name)
      if (!isExecutable(file)) continue
      const real = realpathSync(file)
      if (seen.has(real)) continue
      seen.add(real)
      found.push(file)
    }
  }
  return found
}
