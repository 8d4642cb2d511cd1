import { open } from 'node:fs/promises'
import type { Clock } from '../../base/index.ts'

/** How often a log that is followed is looked at, in milliseconds of the machine's clock. */
const FOLLOW_MS = 250
const READ_BYTES = 65_536
const NEWLINE = 10

export interface FileLogOptions {
  readonly tailLines: number
  /** What each line begins with, where time stamps are wanted: nobody noted when a line was written. */
  readonly stamp: string | undefined
  /** Whether nothing more will come, or nobody wants it. */
  readonly isOver: () => boolean
}

/** What a program has written, line by line, and what it goes on to write. A file that is not there yet is empty. */
export async function* fileLog(clock: Clock, path: string, options: FileLogOptions): AsyncGenerator<Buffer, void> {
  const { tailLines, stamp, isOver } = options
  // Whether it is over is asked first: what was written until then is told.
  let over = isOver()
  let at = await tailStart(path, tailLines)
  let rest: Buffer = Buffer.alloc(0)
  for (;;) {
    for (let chunk = await readAt(path, at); chunk.length > 0; chunk = await readAt(path, at)) {
      at += chunk.length
      const text = Buffer.concat([rest, chunk])
      const end = text.lastIndexOf(NEWLINE) + 1
      rest = text.subarray(end)
      if (end > 0) yield stamped(text.subarray(0, end), stamp)
    }
    if (over) break
    await new Promise<void>(resolve => clock.schedule(FOLLOW_MS, resolve))
    over = isOver()
  }
  if (rest.length > 0) yield stamped(rest, stamp)
}

function stamped(lines: Buffer, stamp: string | undefined): Buffer {
  if (stamp === undefined) return lines
  return Buffer.from(lines.toString('latin1').replace(/^(?=.|\n)/gm, `${stamp} `), 'latin1')
}

/** Where the last so many lines begin. */
async function tailStart(path: string, tailLines: number): Promise<number> {
  if (tailLines === Number.POSITIVE_INFINITY) return 0
  const starts = [0]
  let at = 0
  for (let chunk = await readAt(path, at); chunk.length > 0; chunk = await readAt(path, at)) {
    for (let i = chunk.indexOf(NEWLINE); i >= 0; i = chunk.indexOf(NEWLINE, i + 1)) starts.push(at + i + 1)
    at += chunk.length
  }
  // A last line without an end is one, too.
  const lines = starts.at(-1) === at ? starts.slice(0, -1) : starts
  return tailLines === 0 ? at : (lines.at(-tailLines) ?? 0)
}

async function readAt(path: string, position: number): Promise<Buffer> {
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) return Buffer.alloc(0)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, position)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
