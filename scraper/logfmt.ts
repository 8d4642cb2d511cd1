import type { Clock } from '../base/index.ts'
import type { LogLevel, LogSink } from './log-sink.ts'

export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** Writes lines as Prometheus does: `time=… level=info msg="…" key=value`, those of `least` and above. */
export function logfmt(clock: Clock, least: LogLevel, write: (line: string) => void): LogSink {
  const floor = LOG_LEVELS.indexOf(least)
  return (level, message, fields = {}) => {
    if (LOG_LEVELS.indexOf(level) < floor) return
    let line = `time=${new Date(clock.unixMs()).toISOString()} level=${level} msg=${quoteIfNeeded(message)}`
    for (const [key, value] of Object.entries(fields)) line += ` ${key}=${quoteIfNeeded(String(value))}`
    write(`${line}\n`)
  }
}

function quoteIfNeeded(text: string): string {
  return /^[^\s"=\\]+$/.test(text) ? text : JSON.stringify(text)
}
