import { readdirSync, existsSync } from 'node:fs'
import { join, parse } from 'node:path'

/**
 * The files that a pattern of Go's `filepath.Glob` names, sorted: `*`, `?` and `[a-z]` within one path element.
 *
 * A pattern without such characters names itself, whether it exists or not: reading it will tell why it cannot be read.
 *
 * @param pattern absolute, or relative to the working directory.
 * @returns `undefined` when the pattern is malformed.
 */
export function expandGlob(pattern: string): string[] | undefined {
  if (!/[*?[]/.test(pattern)) return [pattern]
  const { root } = parse(pattern)
  let paths = [root === '' ? '.' : root]
  for (const element of pattern.slice(root.length).split('/')) {
    if (!/[*?[]/.test(element)) {
      paths = paths.map(path => join(path, element)).filter(path => existsSync(path))
      continue
    }
    const expression = elementPattern(element)
    if (expression === undefined) return undefined
    paths = paths.flatMap(path =>
      listNames(path)
        .filter(name => expression.test(name))
        .map(name => join(path, name)),
    )
  }
  return paths
}

function listNames(path: string): string[] {
  try {
    return readdirSync(path).toSorted()
  } catch {
    // Not a folder, or not ours to read: it then holds nothing that matches.
    return []
  }
}

function elementPattern(element: string): RegExp | undefined {
  const source = element
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  try {
    return new RegExp(`^${source}$`, 's')
  } catch {
    return undefined
  }
}
