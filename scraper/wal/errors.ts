import { CodedError, ExitCode } from '../../base/index.ts'

type WalCode = 'CHURN_WAL_FULL' | 'CHURN_WAL_DENIED' | 'CHURN_WAL_IO' | 'CHURN_WAL_SYNC' | 'CHURN_WAL_VERSION'

const SENTENCES: Readonly<Record<WalCode, string>> = {
  CHURN_WAL_FULL: 'the disk of the write-ahead log is full: make room, or shorten --storage.tsdb.retention.time',
  CHURN_WAL_DENIED: 'the write-ahead log may not be written: give this user write access to the data directory',
  CHURN_WAL_IO: 'the write-ahead log cannot be read or written: look at the disk and the system log',
  CHURN_WAL_SYNC:
    'the disk did not confirm what was written to the log: samples of the last seconds may be lost on a power failure',
  CHURN_WAL_VERSION:
    'the write-ahead log was written by a newer version: use that version, or another --storage.tsdb.path',
}

/** The log cannot be written or read. What was being committed is not in it, and not visible. */
export class WalError extends CodedError {
  override readonly name = 'WalError'
  readonly path: string

  constructor(code: WalCode, path: string, cause?: unknown) {
    super(code, `${path}: ${SENTENCES[code]}`, {
      cause,
      exitCode: code === 'CHURN_WAL_VERSION' ? ExitCode.usage : ExitCode.internal,
    })
    this.path = path
  }
}

/** The error for a failed file operation. */
export function walError(path: string, cause: unknown): WalError {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return new WalError('CHURN_WAL_FULL', path, cause)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return new WalError('CHURN_WAL_DENIED', path, cause)
  return new WalError('CHURN_WAL_IO', path, cause)
}
