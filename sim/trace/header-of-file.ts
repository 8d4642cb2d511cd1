import { closeSync, openSync, readSync } from 'node:fs'
import { constants, gunzipSync } from 'node:zlib'
import { TraceError } from './errors.ts'
import type { TraceHeader } from './trace-header.ts'
import { TraceReader, type TraceReaderOptions } from './trace-reader.ts'

/** A header with everything in it is some hundred bytes; what others put there must fit as well. */
const HEADER_BYTES_MAX = 64 * 1024

/**
 * The header of a trace's file, and nothing else of it.
 *
 * @throws TraceError CHURN_TRACE_FILE, CHURN_TRACE_FORMAT
 */
export function readTraceHeader(path: string, options: TraceReaderOptions = {}): TraceHeader {
  const bytes = beginningOf(path)
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  let text: string
  try {
    text = (isGzip ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes).toString('utf8')
  } catch (cause) {
    throw new TraceError('CHURN_TRACE_FORMAT', `${path}: line 1: the compressed data are damaged`, { cause })
  }
  const end = text.indexOf('\n')
  if (text.length > 0 && end === -1) {
    throw new TraceError('CHURN_TRACE_FORMAT', `${path} is no churnbench trace: its first line is no header`)
  }
  return TraceReader.headerOf(
    path,
    text === '' ? undefined : { number: 1, text: text.slice(0, end).trimEnd() },
    options,
  )
}

function beginningOf(path: string): Buffer {
  try {
    const fd = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(HEADER_BYTES_MAX)
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0))
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    throw new TraceError('CHURN_TRACE_FILE', `${path} cannot be read`, { cause })
  }
}
