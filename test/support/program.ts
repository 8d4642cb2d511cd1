import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The real program, as its users start it: what they type, what they see, what is left behind. */
const PROGRAM = fileURLToPath(new URL('../../scripts/churnbench.js', import.meta.url))

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Outcome>
  /** Settles when the program has said something that matches, or has ended. */
  said(pattern: RegExp): Promise<void>
}

/** @param command what runs the program's file, Node by default */
export function start(
  args: readonly string[],
  command: readonly [string, ...string[]] = [process.execPath],
  options: { readonly cwd?: string } = {},
): Started {
  const child = spawn(command[0], [...command.slice(1), PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  })
  let stdout = ''
  let stderr = ''
  const watchers = new Set<() => void>()
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
    for (const look of watchers) look()
  })
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString()
    for (const look of watchers) look()
  })
  const ended = new Promise<Outcome>(resolve => child.on('close', code => resolve({ code, stdout, stderr })))
  return {
    child,
    ended,
    said: pattern =>
      new Promise(resolve => {
        const look = (): void => {
          if (pattern.test(stdout) || pattern.test(stderr)) resolve()
        }
        watchers.add(look)
        void ended.then(() => resolve())
        look()
      }),
  }
}

export const run = (...args: string[]): Promise<Outcome> => start(args).ended
