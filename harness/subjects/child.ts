import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Clock } from '../../base/index.ts'
import { findProgram } from '../peers/index.ts'
import { SubjectError } from './errors.ts'
import { processUsage } from './process-usage.ts'
import type { ExitInfo, ResourceUsage } from './subject.ts'

export interface ChildCommand {
  /** Absolute path of an executable. */
  readonly file: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv | undefined
  readonly cwd: string
  /** Standard output and error are appended here by the kernel: no byte of it passes through the harness. */
  readonly logPath: string
}

/** How long after SIGTERM a process may take to write down what it holds. */
const STOP_GRACE_MS = 10_000

/**
 * A subject's process: the leader of a session of its own, so that Ctrl-C in the terminal reaches the harness alone,
 * which then stops the subject in its own order. Signals go to the whole process group, so that a wrapper script does
 * not leave behind what it started.
 *
 *   running ──SIGTERM──▶ stopping ──ends──────────────▶ exited
 *      │                    └───10 s──SIGKILL──ends──▶ exited
 *      └──ends by itself──────────────────────────────▶ exited
 *
 * It does not outlive the harness: an `exit` handler kills what still runs, and where the machine has `setpriv`, the
 * kernel does (PDEATHSIG), even when the harness is killed with SIGKILL. That one is bound to the thread that spawns:
 * start subjects from the main thread.
 */
export class SubjectChild {
  readonly pid: number
  readonly exited: Promise<ExitInfo>
  readonly #clock: Clock
  #exit: ExitInfo | undefined
  #stopping: Promise<ExitInfo> | undefined

  /** @throws SubjectError CHURN_SUBJECT_BINARY when the program cannot be executed. */
  static async spawn(clock: Clock, command: ChildCommand): Promise<SubjectChild> {
    const log = openSync(command.logPath, 'a', 0o644)
    try {
      const guard = deathGuard()
      const [file, ...args] = [...guard, command.file, ...command.args] as [string, ...string[]]
      const child = spawn(file, args, {
        cwd: command.cwd,
        env: command.env ?? process.env,
        detached: true,
        stdio: ['ignore', log, log],
      })
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve)
        child.once('error', cause =>
          reject(new SubjectError('CHURN_SUBJECT_BINARY', `${command.file} cannot be executed`, { cause })),
        )
      })
      return new SubjectChild(clock, child)
    } finally {
      closeSync(log)
    }
  }

  private constructor(clock: Clock, child: ChildProcess) {
    this.#clock = clock
    this.pid = child.pid!
    running.add(this)
    if (running.size === 1) process.on('exit', killRunning)
    this.exited = new Promise(resolve => {
      child.once('exit', (code, signal) => {
        this.#exit = { code, signal }
        running.delete(this)
        if (running.size === 0) process.off('exit', killRunning)
        // The leader is gone; nothing of its group may stay.
        this.signal('SIGKILL')
        resolve(this.#exit)
      })
    })
  }

  get exit(): ExitInfo | undefined {
    return this.#exit
  }

  usage(): ResourceUsage | undefined {
    return this.#exit === undefined ? processUsage(this.pid) : undefined
  }

  /** To the process and its descendants; nothing happens when they are gone. */
  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal)
    } catch {
      // ESRCH: the group has ended already.
    }
  }

  stop(): Promise<ExitInfo> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<ExitInfo> {
    if (this.#exit !== undefined) return this.#exit
    this.signal('SIGTERM')
    const timer = this.#clock.schedule(STOP_GRACE_MS, () => this.signal('SIGKILL'))
    const exit = await this.exited
    timer.cancel()
    return exit
  }
}

const running = new Set<SubjectChild>()

function killRunning(): void {
  for (const child of running) child.signal('SIGKILL')
}

let guardArgs: readonly string[] | undefined

/** The command that asks the kernel to kill what it executes when we die; empty where there is none. */
function deathGuard(): readonly string[] {
  if (guardArgs !== undefined) return guardArgs
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined
  guardArgs = []
  if (setpriv !== undefined) {
    const guard = [setpriv, '--pdeathsig', 'KILL', '--']
    // Not every setpriv knows the option (busybox).
    if (spawnSync(setpriv, [...guard.slice(1), process.execPath, '--version'], { stdio: 'ignore' }).status === 0)
      guardArgs = guard
  }
  return guardArgs
}

/** `exit code 2` or `signal SIGKILL`, for sentences. */
export function describeExit(exit: ExitInfo): string {
  return exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `signal ${exit.signal}`
}
