/** The documented exit codes of every command (docs/errors.md). */
export const ExitCode = {
  ok: 0,
  internal: 1,
  usage: 2,
  regression: 3,
  inconclusive: 4,
  invalid: 5,
  subject: 6,
  thresholds: 99,
  interrupted: 105,
  timeout: 124,
} as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/**
 * What the world did to us, with a stable code, a sentence that says what to do, and the exit code it leads to.
 *
 * Each folder declares its own codes in its `errors.ts`; each code has an entry in docs/errors.md.
 */
export class CodedError extends Error {
  override readonly name: string = 'CodedError'
  readonly code: string
  readonly exitCode: ExitCode

  constructor(code: string, message: string, options: { readonly cause?: unknown; readonly exitCode?: ExitCode } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.exitCode = options.exitCode ?? ExitCode.internal
  }
}

/** One line for people: the message and the messages of its causes, without a stack. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.message === '' ? error.name : error.message
  return error.cause === undefined ? own : `${own}: ${describeError(error.cause)}`
}
