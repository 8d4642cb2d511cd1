import { CodedError, ExitCode } from '../../base/index.ts'

type StorageCode = 'CHURN_TSDB_LOCKED' | 'CHURN_TSDB_DENIED' | 'CHURN_TSDB_FULL' | 'CHURN_TSDB_DIR' | 'CHURN_TSDB_IO'

const SENTENCES: Readonly<Record<StorageCode, string>> = {
  CHURN_TSDB_LOCKED: 'is in use by another process: stop that one, or choose another --storage.tsdb.path',
  CHURN_TSDB_DENIED: 'may not be written: give this user write access, or choose another --storage.tsdb.path',
  CHURN_TSDB_FULL: 'is on a full disk: make room, or choose another --storage.tsdb.path',
  CHURN_TSDB_DIR: 'is not a directory: choose another --storage.tsdb.path',
  CHURN_TSDB_IO: 'cannot be used: look at the disk and the system log',
}

/** The data directory cannot be opened. All but an unclear failure of the disk are for the user to put right (exit 2). */
export class StorageError extends CodedError {
  override readonly name = 'StorageError'
  readonly path: string

  constructor(code: StorageCode, path: string, options: { readonly detail?: string; readonly cause?: unknown } = {}) {
    super(code, `${path}: the data directory ${SENTENCES[code]}${options.detail ? ` (${options.detail})` : ''}`, {
      cause: options.cause,
      exitCode: code === 'CHURN_TSDB_IO' ? ExitCode.internal : ExitCode.usage,
    })
    this.path = path
  }
}

/** The error for a failed file operation in the data directory. */
export function storageError(path: string, cause: unknown): StorageError {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StorageError('CHURN_TSDB_DENIED', path, { cause })
    case 'ENOSPC':
    case 'EDQUOT':
      return new StorageError('CHURN_TSDB_FULL', path, { cause })
    case 'ENOTDIR':
    case 'EEXIST':
      return new StorageError('CHURN_TSDB_DIR', path, { cause })
    default:
      return new StorageError('CHURN_TSDB_IO', path, { cause })
  }
}
