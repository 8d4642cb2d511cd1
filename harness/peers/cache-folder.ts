import { homedir } from 'node:os'
import path from 'node:path'
import type { Environment } from './environment.ts'

/**
 * Where programs built for this project are kept, outside the repository: `$CHURNBENCH_CACHE`, or `churnbench` in the
 * user's cache folder. Absolute; not created here.
 */
export function cacheFolder(env: Environment = process.env): string {
  const own = env['CHURNBENCH_CACHE']
  if (own !== undefined && own !== '') return path.resolve(own)
  const xdg = env['XDG_CACHE_HOME']
  // The XDG specification: a relative path is to be ignored.
  const base = xdg !== undefined && path.isAbsolute(xdg) ? xdg : path.join(env['HOME'] ?? homedir(), '.cache')
  return path.join(base, 'churnbench')
}
