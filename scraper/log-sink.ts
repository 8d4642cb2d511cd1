export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Where a part of the scraper says what happens to it; `main.ts` makes log lines of it. */
export type LogSink = (level: LogLevel, message: string, fields?: Readonly<Record<string, string | number>>) => void

export const noLog: LogSink = () => {}
