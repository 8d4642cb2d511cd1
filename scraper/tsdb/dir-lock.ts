import fs from 'node:fs'
import path from 'node:path'
import { StorageError, storageError } from './errors.ts'

/** Who holds a data directory. `started` tells a process from another one that got the same pid later. */
interface Holder {
  readonly pid: number
  readonly started: string
}

const ATTEMPTS_MAX = 10

/** Directories that this thread holds: where `started` is not known, our own pid says nothing (containers: always 1). */
const held = new Set<string>()

/**
 * Keeps other processes out of a data directory by a file named `lock`, which names its holder.
 *
 * A file whose holder is dead is taken over. Node has no advisory locks, hence a file created exclusively.
 */
export class DirLock {
  readonly #file: string
  readonly #content: string

  private constructor(file: string, content: string) {
    this.#file = file
    this.#content = content
    held.add(file)
  }

  /** @throws StorageError CHURN_TSDB_LOCKED, or what keeps the file from being written. */
  static acquire(dir: string): DirLock {
    const file = path.join(fs.realpathSync(dir), 'lock')
    const content = JSON.stringify({ pid: process.pid, started: startOf(process.pid) ?? '' } satisfies Holder)
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      try {
        create(file, content, `${file}.${process.pid}.${attempt}`)
        return new DirLock(file, content)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storageError(dir, error)
      }
      const found = read(file)
      if (found === undefined) continue
      const holder = parse(found)
      if (holder !== undefined && isAlive(holder, file)) {
        throw new StorageError('CHURN_TSDB_LOCKED', dir, { detail: `process ${holder.pid}` })
      }
      removeStale(file, found)
    }
    throw new StorageError('CHURN_TSDB_LOCKED', dir, { detail: 'several processes are trying to take it' })
  }

  /** Idempotent; leaves a file alone that is not ours any more. */
  release(): void {
    held.delete(this.#file)
    if (read(this.#file) === this.#content) fs.rmSync(this.#file, { force: true })
  }
}

/** Creates the file by linking a draft: it is never seen without its content, where the file system has links. */
function create(file: string, content: string, draft: string): void {
  fs.writeFileSync(draft, content)
  try {
    fs.linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
    fs.writeFileSync(file, content, { flag: 'wx' })
  } finally {
    fs.rmSync(draft, { force: true })
  }
}

/** Removes a lock file with this content. Another process may do the same, and have its own file there by now. */
function removeStale(file: string, content: string): void {
  const aside = `${file}.stale.${process.pid}`
  try {
    fs.renameSync(file, aside)
    if (read(aside) !== content) fs.linkSync(aside, file)
  } catch {
    // Gone, or taken again: the next attempt finds out.
  }
  fs.rmSync(aside, { force: true })
}

function isAlive(holder: Holder, file: string): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const started = startOf(holder.pid)
  if (started !== undefined && holder.started !== '') return started === holder.started
  return holder.pid !== process.pid || held.has(file)
}

/** Boot and clock ticks at which a process began, where the system tells (Linux). */
function startOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command, in parentheses, may contain anything. Field 22 is the 20th behind it.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${ticks}`
  } catch {
    return undefined
  }
}

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function parse(content: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(content) as Partial<Holder>
    return Number.isInteger(pid) && pid! > 0 ? { pid: pid!, started: started ?? '' } : undefined
  } catch {
    return undefined
  }
}
