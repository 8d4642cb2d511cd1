import { randomBytes } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { TraceError } from '../errors.ts'

const KEY_BYTES = 32
const KEY_BYTES_MAX = 4096

export interface ScrubKey {
  readonly key: Uint8Array
  /** What its owner should know: it was made, or others can read it. */
  readonly notice?: string
}

/** A key that nobody has afterwards: pseudonyms of two traces have nothing in common, and nobody can try names. */
export function randomKey(): ScrubKey {
  return { key: randomBytes(KEY_BYTES) }
}

/**
 * The key of a file, which is made, readable by its owner alone, when it is not there.
 *
 * @throws TraceError CHURN_TRACE_OPTIONS when it is too short to be a secret, CHURN_TRACE_FILE
 */
export function keyOfFile(path: string): ScrubKey {
  const made = randomBytes(KEY_BYTES)
  try {
    writeFileSync(path, `${made.toString('hex')}\n`, { flag: 'wx', mode: 0o600 })
    return { key: Buffer.from(made.toString('hex')), notice: `made the key ${path}; who has it can try names` }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new TraceError('CHURN_TRACE_FILE', `the key ${path} cannot be made`, { cause })
    }
  }
  const { text, isPrivate } = readKey(path)
  const key = Buffer.from(text.trim(), 'latin1')
  const wanted = `"openssl rand -hex ${KEY_BYTES}" makes one, and so does a name of a file that is not there`
  if (key.length < KEY_BYTES) {
    const message = `the key ${path} is too short: ${key.length} bytes where ${KEY_BYTES} are needed; ${wanted}`
    throw new TraceError('CHURN_TRACE_OPTIONS', message)
  }
  if (key.length > KEY_BYTES_MAX || new Set(key).size < 8) {
    throw new TraceError('CHURN_TRACE_OPTIONS', `the key ${path} is no random secret; ${wanted}`)
  }
  return isPrivate ? { key } : { key, notice: `others can read the key ${path}, and try names with it: chmod 600` }
}

function readKey(path: string): { readonly text: string; readonly isPrivate: boolean } {
  try {
    return { text: readFileSync(path, 'latin1'), isPrivate: (statSync(path).mode & 0o077) === 0 }
  } catch (cause) {
    throw new TraceError('CHURN_TRACE_FILE', `the key ${path} cannot be read`, { cause })
  }
}
