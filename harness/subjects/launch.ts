import type { Clock } from '../../base/index.ts'
import { describeError, formatDuration } from '../../base/index.ts'
import { type ChildCommand, describeExit, SubjectChild } from './child.ts'
import { configError, SubjectError } from './errors.ts'
import { freePort } from './free-port.ts'
import { logTail } from './log-tail.ts'
import { QueryClient } from './query-client.ts'
import type { ExitInfo } from './subject.ts'

/** How to start one kind of subject. */
export interface LaunchPlan {
  readonly kind: string
  /** The command that makes it listen on 127.0.0.1:`port`. */
  command(port: number): ChildCommand | Promise<ChildCommand>
  /** Path that answers 200 when it is ready. */
  readonly readyPath: string
  /** Faults of its configuration that it died of, read from its log; `undefined` when that was not why. */
  faults(exit: ExitInfo, log: readonly string[]): readonly string[] | undefined
}

export interface Launched {
  readonly child: SubjectChild
  readonly client: QueryClient
  readonly url: string
  readonly command: ChildCommand
}

/** Somebody else takes a free port rarely; three times in a row, something else is wrong. */
const PORT_ATTEMPTS = 3

/** How often it is asked whether it is ready. Well below the time that any of them takes. */
const READY_POLL_MS = 25

/** How a shell, env or setpriv says that it found no program to run in a file. */
const NOT_EXECUTED = [126, 127]

/** In the words of Go, of Node and of the embedded scraper. */
const PORT_TAKEN = /address already in use|EADDRINUSE|is in use by another process/

/**
 * Starts a subject on a free port and waits until it is ready. When this rejects, nothing is left running.
 *
 * @throws SubjectError CHURN_SUBJECT_BINARY, CHURN_SUBJECT_CONFIG, CHURN_SUBJECT_DIED, CHURN_SUBJECT_NOT_READY.
 */
export async function launch(clock: Clock, plan: LaunchPlan, readyTimeoutMs: number): Promise<Launched> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const command = await plan.command(port)
    const url = `http://127.0.0.1:${port}`
    const child = await SubjectChild.spawn(clock, command)
    const client = new QueryClient(clock, plan.kind, url)
    const outcome = await untilReady(clock, child, client, plan.readyPath, readyTimeoutMs)
    if (outcome.is === 'ready') return { child, client, url, command }
    await client.close()
    if (outcome.is === 'late') {
      await child.stop()
      throw new SubjectError(
        'CHURN_SUBJECT_NOT_READY',
        `${plan.kind} was not ready within ${formatDuration(readyTimeoutMs)}: ${url}${plan.readyPath} said last: ` +
          `${outcome.last}; its log is ${command.logPath}`,
        { logTail: logTail(command.logPath) },
      )
    }
    const log = logTail(command.logPath, 100)
    if (attempt < PORT_ATTEMPTS && log.some(line => PORT_TAKEN.test(line))) continue
    throw deathOf(plan, outcome.exit, command, log)
  }
}

type Outcome =
  | { readonly is: 'ready' }
  | { readonly is: 'died'; readonly exit: ExitInfo }
  | { readonly is: 'late'; readonly last: string }

/** Asks until 200, the process ends, or time is up; a process that ends wins over an answer, for it may be another's. */
async function untilReady(
  clock: Clock,
  child: SubjectChild,
  client: QueryClient,
  readyPath: string,
  readyTimeoutMs: number,
): Promise<Outcome> {
  let last = 'nothing'
  let timeIsUp = false
  const wakers = new Set<() => void>()
  const wake = (): void => wakers.forEach(waker => waker())
  const deadline = clock.schedule(readyTimeoutMs, () => {
    timeIsUp = true
    wake()
  })
  void child.exited.then(wake)
  const pause = (): Promise<void> =>
    new Promise(resolve => {
      const timer = clock.schedule(READY_POLL_MS, () => waker())
      const waker = (): void => {
        timer.cancel()
        wakers.delete(waker)
        resolve()
      }
      wakers.add(waker)
    })
  const ask = async (): Promise<number | undefined> => {
    const abort = new AbortController()
    const waker = (): void => abort.abort()
    wakers.add(waker)
    try {
      const status = await client.status(readyPath, abort.signal)
      last = `HTTP ${status}`
      return status
    } catch (error) {
      if (!abort.signal.aborted) last = describeError(error)
      return undefined
    } finally {
      wakers.delete(waker)
    }
  }
  try {
    for (;;) {
      const status = child.exit === undefined ? await ask() : undefined
      if (child.exit !== undefined) return { is: 'died', exit: child.exit }
      if (status === 200) return { is: 'ready' }
      if (timeIsUp) return { is: 'late', last }
      await pause()
    }
  } finally {
    deadline.cancel()
  }
}

function deathOf(plan: LaunchPlan, exit: ExitInfo, command: ChildCommand, log: readonly string[]): SubjectError {
  const tail = log.slice(-20)
  if (exit.code !== null && NOT_EXECUTED.includes(exit.code)) {
    return new SubjectError(
      'CHURN_SUBJECT_BINARY',
      `${command.file} cannot be executed here: ${tail.at(-1) ?? describeExit(exit)}`,
    )
  }
  const faults = plan.faults(exit, log)
  if (faults !== undefined && faults.length > 0) return configError(plan.kind, faults, tail)
  const lastLine = tail.at(-1)
  return new SubjectError(
    'CHURN_SUBJECT_DIED',
    `${plan.kind} ended before it was ready (${describeExit(exit)})` +
      `${lastLine === undefined ? ' and said nothing' : `; it said last: ${lastLine}`}; its log is ${command.logPath}`,
    { logTail: tail },
  )
}
