import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it that are missing; an existing folder is fine.
 *
 * Node's own `recursive` is not used: where a parent answers ENOENT to every mkdir, as /proc does, it never returns
 * (seen with Node 20.20).
 *
 * @throws the system's error, e.g. EACCES, ENOTDIR, EROFS
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') {
      // Either there already, or a file in the way: then the first write into it says ENOTDIR.
      return
    }
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    makeFolder(dirname(path))
    mkdirSync(path)
  }
}
