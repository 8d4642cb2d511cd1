import { lstat, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { makeFolder } from '../base/index.ts'
import { ReportError } from './errors.ts'

/**
 * Makes the file's folder and proves that it can be written to, so that a run does not fail at its end.
 *
 * @throws ReportError CHURN_REPORT_WRITE (exit 2)
 */
export async function prepareTextFile(file: string): Promise<void> {
  const path = resolve(file)
  try {
    makeFolder(dirname(path))
    const known = await stat(path).catch(() => undefined)
    if (known?.isDirectory() === true) throw Object.assign(new Error(), { code: 'EISDIR', syscall: 'open' })
    if (known !== undefined && !known.isFile()) return
    const probe = join(dirname(path), `.churnbench-${process.pid}-${basename(path)}.tmp`)
    await (await open(probe, 'w')).close()
    await rm(probe)
  } catch (error) {
    throw unwritable(`cannot write ${path}`, error, 'name another file')
  }
}

/**
 * Writes a file complete or not at all, with the folders it needs; a pipe or device is written to as it is.
 *
 * @throws ReportError CHURN_REPORT_WRITE (exit 2)
 */
export async function writeTextFile(file: string, text: string): Promise<void> {
  const path = resolve(file)
  try {
    makeFolder(dirname(path))
    await writeAtomically(path, text)
  } catch (error) {
    throw isSystemError(error) ? unwritable(`cannot write ${path}`, error, 'name another file') : error
  }
}

/** A reader sees the old file or the new one, never a part. Keeps links. */
export async function writeAtomically(file: string, text: string): Promise<void> {
  const known = await stat(file).catch(() => undefined)
  if (known !== undefined && !known.isFile() && !known.isDirectory()) {
    const handle = await open(file, 'a')
    try {
      return await handle.writeFile(text)
    } finally {
      await handle.close()
    }
  }
  const link = await lstat(file).catch(() => undefined)
  const target = known !== undefined && link?.isSymbolicLink() === true ? await realpath(file) : file
  const temporary = `${target}.${process.pid}.tmp`
  try {
    const handle = await open(temporary, 'w')
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/**
 * Reads and parses a JSON file.
 *
 * @throws ReportError CHURN_REPORT_READ (exit 2)
 */
export async function readJsonFile(file: string, shown = file): Promise<unknown> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new ReportError('CHURN_REPORT_READ', `${shown} cannot be read`, error)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ReportError('CHURN_REPORT_READ', `${shown} is not JSON`, error)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'there is a file of that name',
  ENOTDIR: 'a part of the path is a file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
  EDQUOT: 'the disk quota is used up',
  EISDIR: 'there is a folder of that name',
}

export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error
}

/** A reason that we can put into words stands for its cause; any other is told by the cause itself. */
export function unwritable(what: string, error: unknown, wayOut: string): ReportError {
  const reason = isSystemError(error) ? REASONS[error.code ?? ''] : undefined
  return reason === undefined
    ? new ReportError('CHURN_REPORT_WRITE', what, error)
    : new ReportError('CHURN_REPORT_WRITE', `${what}: ${reason}; ${wayOut}`)
}
