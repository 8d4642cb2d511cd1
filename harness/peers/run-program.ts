import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import type { Environment } from './environment.ts'

/** What a program said and how it ended. */
export interface ProgramResult {
  /** 0 is success; −1 when it could not be started, was killed, or took too long. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Environment
  readonly cwd?: string
  /** Killed after this many milliseconds; absent: it may take as long as it likes. */
  readonly timeoutMs?: number
}

/** Enough for the talk of a compiler; more is an error of the program's. */
const OUTPUT_BYTES_MAX = 32 * 1024 * 1024

/** Killed at our own end: a compiler must not outlive the command that started it. */
const running = new Set<ChildProcess>()

function killRunning(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** Runs a short-lived program to its end. Never rejects: a program that fails is data here. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<ProgramResult> {
  let finish: (result: ProgramResult) => void
  const done = new Promise<ProgramResult>(resolve => (finish = resolve))
  const child = execFile(
    file,
    args,
    {
      env: { ...(options.env ?? process.env) },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      timeout: options.timeoutMs ?? 0,
      killSignal: 'SIGKILL',
      maxBuffer: OUTPUT_BYTES_MAX,
    },
    (error, stdout, stderr) => {
      if (error === null) return finish({ code: 0, stdout, stderr })
      const code = typeof error.code === 'number' ? error.code : -1
      return finish({ code, stdout, stderr: code === -1 ? `${stderr}${error.message}\n` : stderr })
    },
  )
  child.stdin?.end()
  if (running.size === 0) process.on('exit', killRunning)
  running.add(child)
  try {
    return await done
  } finally {
    running.delete(child)
    if (running.size === 0) process.off('exit', killRunning)
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) await once(child, 'exit')
  }
}

/** The last lines of a program's talk that say anything, on one line: for sentences about failures. */
export function lastWords(result: ProgramResult, lineCount = 3): string {
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').map(line => line.trim())
  return lines
    .filter(line => line !== '')
    .slice(-lineCount)
    .join('; ')
}
