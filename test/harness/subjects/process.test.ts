// Goal: a subject's process is started, watched and ended so that each way to fail has its own sentence and nothing stays.
// Method: small Node scripts that misbehave in one way each, run as the embedded subject with `bin`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { type Clock, SystemClock, type Timer, VirtualClock } from '../../../base/index.ts'
import {
  embeddedSubject,
  type Subject,
  SUBJECT_KINDS,
  subjectByKind,
  SubjectError,
  type SubjectOptions,
} from '../../../harness/subjects/index.ts'
import { findProgram } from '../../../harness/peers/index.ts'
import { parseUsage } from '../../../harness/subjects/process-usage.ts'
import { FAKE_SUBJECT, nodeProgram, shellProgram } from './fake-program.ts'

const CONFIG = 'scrape_configs:\n  - job_name: a\n    kubernetes_sd_configs:\n      - role: pod\n'

function optionsFor(t: Test, source: string, more: Partial<SubjectOptions> = {}): SubjectOptions {
  const workDir = t.testdir()
  const bin = path.join(workDir, 'fake.mjs')
  writeFileSync(bin, FAKE_SUBJECT + source)
  const api = { url: 'https://127.0.0.1:6443', token: 'secret', caPem: 'CA' }
  return { bin, config: CONFIG, api, workDir, readyTimeoutMs: 20_000, ...more }
}

async function refusal(promise: Promise<Subject>): Promise<SubjectError> {
  const outcome: unknown = await promise.then(
    subject => subject.stop(),
    (error: unknown) => error,
  )
  if (!(outcome instanceof SubjectError)) throw new Error('it was not refused', { cause: outcome })
  return outcome
}

/** Not there, or a zombie that nobody has reaped yet. */
function ended(pid: number): boolean {
  try {
    return / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\)/, ''))
  } catch {
    return true
  }
}

void t.test('a subject that is ready: its files, its figures, its end', async t => {
  const source = `listen(() => '{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}')\nconsole.log('hello')`
  const options = optionsFor(t, source, { args: ['--more'] })
  const subject = await embeddedSubject().start(new SystemClock(), options)
  t.teardown(() => subject.stop())
  t.equal(subject.kind, 'embedded')
  t.match(subject.url, /^http:\/\/127\.0\.0\.1:\d+$/)
  t.match(subject.command, [process.execPath, options.bin])
  t.equal(subject.command.at(-1), '--more')
  t.match(subject.configSha256, /^[0-9a-f]{64}$/)
  t.strictSame(await subject.query('7'), [{ labels: {}, value: 7 }])
  for (const name of ['prometheus.yml', 'api-token', 'api-ca.crt']) {
    t.equal(statSync(path.join(options.workDir, name)).mode & 0o777, 0o600, `${name} is private`)
  }
  t.match(readFileSync(subject.files[0]!, 'utf8'), 'credentials_file')
  if (existsSync('/proc/self/stat')) {
    const usage = subject.resources()!
    t.ok(usage.rssBytes > 1e6 && usage.rssPeakBytes >= usage.rssBytes && usage.cpuSeconds >= 0)
  }
  const [first, second] = await Promise.all([subject.stop(), subject.stop()])
  t.strictSame(first, { code: null, signal: 'SIGTERM' })
  t.equal(first, second)
  t.equal(await subject.exited, first)
  t.equal(subject.resources(), undefined)
  t.match(readFileSync(subject.files[1]!, 'utf8'), 'hello')
  await t.rejects(subject.query('7'), { code: 'CHURN_SUBJECT_QUERY' })
})

void t.test('one that dies at once is told from one that never becomes ready', async t => {
  const dead = await refusal(
    embeddedSubject().start(
      new SystemClock(),
      optionsFor(t, `console.error('\\u001b[31mno room\\u001b[0m for data'); process.exit(3)`),
    ),
  )
  t.equal(dead.code, 'CHURN_SUBJECT_DIED')
  t.equal(dead.exitCode, 6)
  t.match(dead.message, /exit code 3.*said last: no room for data; its log is .*embedded\.log/)
  t.strictSame(dead.logTail, ['no room for data'])

  const options = optionsFor(t, `console.log('pid ' + process.pid); setInterval(() => {}, 1e6)`)
  const clock = new SwitchedClock()
  const starting = refusal(embeddedSubject().start(clock, options))
  await until(() => existsSync(path.join(options.workDir, 'embedded.log')) && log(options).includes('pid'))
  await clock.virtual.advanceAsync(20_000)
  const late = await starting
  t.equal(late.code, 'CHURN_SUBJECT_NOT_READY')
  t.equal(late.exitCode, 6)
  t.match(late.message, /not ready within 20s: http.*\/-\/ready said last: .*ECONNREFUSED/)
  t.equal(clock.virtual.pending, 0, 'no timer is left')
  t.ok(ended(Number(/pid (\d+)/.exec(late.logTail.join())![1])), 'it is not left running')
})

void t.test('one that accepts and never answers is given up, too', async t => {
  const options = optionsFor(
    t,
    `import net from 'node:net'; net.createServer(() => console.log('asked')).listen(port, '127.0.0.1')`,
  )
  const clock = new SwitchedClock()
  const starting = refusal(embeddedSubject().start(clock, options))
  await until(() => existsSync(path.join(options.workDir, 'embedded.log')) && log(options).includes('asked'))
  await clock.virtual.advanceAsync(20_000)
  t.equal((await starting).code, 'CHURN_SUBJECT_NOT_READY')
})

void t.test('a refused configuration is told with all its faults and the lines of the user', async t => {
  const source = `console.error('line 5: one\\nline 8: two'); process.exit(2)`
  const error = await refusal(embeddedSubject().start(new SystemClock(), optionsFor(t, source)))
  t.equal(error.code, 'CHURN_SUBJECT_CONFIG')
  t.equal(error.exitCode, 2)
  // Three lines were inserted at the user's line 4.
  t.match(error.message, /refuses the configuration:\n  line 4: one\n  line 5: two$/)
})

void t.test('a missing or foreign program', async t => {
  const missing = await refusal(
    embeddedSubject().start(new SystemClock(), optionsFor(t, '', { bin: '/nowhere/main.js' })),
  )
  t.equal(missing.code, 'CHURN_SUBJECT_BINARY')
  t.equal(missing.exitCode, 2)
  const options = optionsFor(t, '')
  const broken = path.join(options.workDir, 'broken')
  writeFileSync(broken, '\u007fELF nonsense', { mode: 0o755 })
  t.equal(
    (await refusal(embeddedSubject().start(new SystemClock(), { ...options, bin: broken }))).code,
    'CHURN_SUBJECT_BINARY',
  )
})

void t.test('a port that somebody takes first is exchanged for another', async t => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => void taken.close())
  const { port } = taken.address() as AddressInfo
  const options = optionsFor(
    t,
    `
    const mark = process.argv[1] + '.tried'
    if (fs.existsSync(mark)) listen()
    else {
      fs.writeFileSync(mark, '')
      http.createServer().listen(${port}, '127.0.0.1')
    }`,
  )
  const subject = await embeddedSubject().start(new SystemClock(), options)
  t.match(log(options), 'EADDRINUSE')
  await subject.stop()
})

void t.test('one that ignores SIGTERM is killed after ten seconds, with all it started', async t => {
  const options = optionsFor(
    t,
    `
    import { spawn } from 'node:child_process'
    process.on('SIGTERM', () => console.log('ignored'))
    const child = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6)"], { stdio: 'inherit' })
    console.log('child ' + child.pid)
    listen()`,
  )
  const clock = new SwitchedClock()
  const subject = await embeddedSubject().start(clock, options)
  const stopping = subject.stop()
  await until(() => log(options).includes('ignored'))
  await clock.virtual.advanceAsync(9_999)
  t.not(ended(subject.pid), 'not before its time')
  await clock.virtual.advanceAsync(1)
  t.strictSame(await stopping, { code: null, signal: 'SIGKILL' })
  const child = Number(/child (\d+)/.exec(log(options))![1])
  await until(() => ended(child))
  t.pass('its child is gone, too')
})

void t.test('nothing outlives the harness, however it ends', async t => {
  const guarded = process.platform === 'linux' && findProgram('setpriv') !== undefined
  if (!guarded) t.comment('no setpriv here: a harness killed by SIGKILL leaves its subject behind; not tested')
  for (const end of ['exit', ...(guarded ? ['kill'] : [])]) {
    const options = optionsFor(t, `listen()`)
    const index = new URL('../../../harness/subjects/index.js', import.meta.url).href
    const base = new URL('../../../base/index.js', import.meta.url).href
    const harness = path.join(options.workDir, 'harness.mjs')
    writeFileSync(
      harness,
      `import { embeddedSubject } from ${JSON.stringify(index)}
       import { SystemClock } from ${JSON.stringify(base)}
       const subject = await embeddedSubject().start(new SystemClock(), ${JSON.stringify(options)})
       console.log(subject.pid)
       process.stdin.once('data', () => process.exit(0))`,
    )
    const child = spawn(process.execPath, [harness], { stdio: ['pipe', 'pipe', 'inherit'] })
    t.teardown(() => void child.kill('SIGKILL'))
    const [pid] = (await once(child.stdout, 'data')) as [Buffer]
    const exited = once(child, 'exit')
    if (end === 'exit') child.stdin.write('go\n')
    else child.kill('SIGKILL')
    await exited
    await until(() => ended(Number(pid.toString())))
    t.pass(`${end}: the subject ended with it`)
  }
})

void t.test('what the kernel says of a process is read whatever its name', async t => {
  const stat = '12 (a) (b c) S 1 12 12 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 1000 1 1'
  const status = 'Name:\tx\nVmHWM:\t    3000 kB\nVmRSS:\t    2000 kB\n'
  t.strictSame(parseUsage(stat, status, 100), { cpuSeconds: 3, rssBytes: 2_048_000, rssPeakBytes: 3_072_000 })
  t.equal(parseUsage(stat, 'Name:\tzombie\n', 100), undefined)
})

void t.test('subjects are known by kind', async t => {
  for (const kind of SUBJECT_KINDS) t.equal(subjectByKind(kind).kind, kind)
  t.throws(() => subjectByKind('nagios'), {
    code: 'CHURN_SUBJECT_KIND',
    exitCode: 2,
    message: 'there is no subject "nagios"; there are embedded, prometheus, victoriametrics',
  })
})

void t.test('a wrapper script may stand before a program', async t => {
  const options = optionsFor(t, `listen()`)
  const bin = shellProgram(options.workDir, 'wrapper', `"${process.execPath}" "${options.bin!}" "$@"`)
  const subject = await embeddedSubject().start(new SystemClock(), { ...options, bin })
  t.equal((await subject.stop()).signal, 'SIGTERM')
  const direct = nodeProgram(options.workDir, 'direct', `${FAKE_SUBJECT} listen()`)
  const other = await embeddedSubject().start(new SystemClock(), { ...options, bin: direct })
  await other.stop()
})

function log(options: SubjectOptions): string {
  return readFileSync(path.join(options.workDir, 'embedded.log'), 'utf8')
}

/** Waits for something that other processes do; each look lets the event loop turn. */
async function until(condition: () => boolean): Promise<void> {
  const clock = new SystemClock()
  while (!condition()) await new Promise<void>(resolve => clock.schedule(5, resolve))
}

/** Short waits (polling) on the machine's clock, long ones (time-outs) on one that is moved by hand. */
class SwitchedClock implements Clock {
  readonly virtual = new VirtualClock()
  readonly #system = new SystemClock()

  unixMs(): number {
    return this.#system.unixMs()
  }

  monotonicNs(): bigint {
    return this.#system.monotonicNs()
  }

  schedule(delayMs: number, fn: () => void): Timer {
    return (delayMs < 1000 ? this.#system : this.virtual).schedule(delayMs, fn)
  }
}
