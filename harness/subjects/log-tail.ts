import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** More than any list of faults, less than a trace of a day. */
const TAIL_BYTES_MAX = 64 * 1024

/**
 * The last lines of a log, oldest first, without empty ones and without control characters that would colour a
 * terminal. Empty when the file is not there.
 */
export function logTail(file: string, lineCount = 20): string[] {
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch {
    return []
  }
  try {
    const sizeBytes = fstatSync(fd).size
    const length = Math.min(sizeBytes, TAIL_BYTES_MAX)
    const buffer = Buffer.alloc(length)
    const readBytes = readSync(fd, buffer, 0, length, sizeBytes - length)
    const lines = buffer.toString('utf8', 0, readBytes).split('\n').map(plain)
    // Where reading began inside the file, the first line is a fragment.
    if (length < sizeBytes) lines.shift()
    return lines.filter(line => line.trim() !== '').slice(-lineCount)
  } finally {
    closeSync(fd)
  }
}

/** A terminal's colour codes, and whatever else is not text. */
const ESCAPES = new RegExp(String.raw`\u001B\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000B-\u001F\u007F]`, 'g')

function plain(line: string): string {
  return line.replace(ESCAPES, '')
}
