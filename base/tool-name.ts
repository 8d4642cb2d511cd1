import { readFileSync } from 'node:fs'

/** Compiled code lies in build/base. */
const PACKAGE = new URL('../../package.json', import.meta.url)

/** What wrote a file, for its header: `churnbench 0.1.0`. */
export function toolName(): string {
  const { name, version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { name: string; version: string }
  return `${name} ${version}`
}
