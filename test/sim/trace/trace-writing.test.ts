// Writing a trace while the world is against it: killed at any moment, full disks, files in the way; nothing is lost or torn.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createInterface } from 'node:readline'
import { isDeepStrictEqual, promisify } from 'node:util'
import t from 'tap'
import { Prng } from '../../../base/index.ts'
import { type ChurnEvent, TraceWriter } from '../../../sim/trace/index.ts'
import { ORIGIN, readTrace, smallTrace, TraceFolder } from './trace-samples.ts'

const folder = new TraceFolder()
t.teardown(() => rmSync(folder.dir, { recursive: true, force: true }))

const EVENTS = smallTrace()
/** /proc and /dev/full. */
const LINUX_ONLY = { skip: process.platform === 'linux' ? false : 'needs /proc and /dev/full' }

/** Adds and removes nodes for ever; says after each flush how many events the system has. */
const RECORD_FOR_EVER = `
  import { TraceWriter } from ${JSON.stringify(new URL('../../../sim/trace/index.js', import.meta.url).href)}
  const writer = TraceWriter.create(process.argv[1], ${JSON.stringify(ORIGIN)}, { live: true })
  for (let i = 0; ; i++) {
    const node = { kind: 'node', name: 'n-' + i }
    writer.write({ t: 2 * i, ...node, op: 'added', labels: { zone: 'z-' + i % 3, filler: 'x'.repeat(i % 500) } })
    writer.write({ t: 2 * i + 1, ...node, op: 'removed' })
    if (i % 97 === 0) {
      await writer.flush()
      console.log(writer.events)
    }
  }
`

function recorded(events: readonly ChurnEvent[]): boolean {
  return events.every((event, i) => {
    const node = { kind: 'node', name: `n-${i >> 1}` } as const
    const labels = { zone: `z-${(i >> 1) % 3}`, filler: 'x'.repeat((i >> 1) % 500) }
    return isDeepStrictEqual(event, {
      t: i,
      ...node,
      ...(i % 2 === 0 ? { op: 'added', labels } : { op: 'removed' }),
    })
  })
}

/** More of them: `CHURNBENCH_KILL_ROUNDS=500`. */
const ROUNDS = Number(process.env.CHURNBENCH_KILL_ROUNDS ?? 5)

for (const name of ['killed.jsonl', 'killed.jsonl.gz']) {
  void t.test(`${name}: killed at any moment, what was flushed is there and nothing is torn`, async t => {
    const prng = new Prng(name)
    for (let round = 0; round < ROUNDS; round++) {
      const path = folder.path(`${round}-${name}`)
      const child = spawn(process.execPath, ['--input-type=module', '-e', RECORD_FOR_EVER, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const exited = once(child, 'exit')
      const after = prng.between(1, 60)
      let lines = 0
      let flushed = 0
      for await (const line of createInterface(child.stdout)) {
        flushed = Number(line)
        if (++lines === after) child.kill('SIGKILL')
      }
      t.same(await exited, [null, 'SIGKILL'])
      const { reader, events } = await readTrace(path)
      t.ok(events.length >= flushed, `round ${round}: ${events.length} of ${flushed} flushed events`)
      t.ok(recorded(events), 'as they were written')
      t.notOk(reader.isComplete)
      rmSync(path)
    }
  })
}

/** Writes until the file may grow no further, and says what each call made of it, and what is left open. */
const WRITE_INTO_LITTLE = `
  import { existsSync, readdirSync } from 'node:fs'
  import { TraceWriter } from ${JSON.stringify(new URL('../../../sim/trace/index.js', import.meta.url).href)}
  const [, path, live] = process.argv
  const code = error => [error.code, error.exitCode, error.cause?.code, error.message]
  const openBefore = readdirSync('/proc/self/fd').length
  const writer = TraceWriter.create(path, ${JSON.stringify(ORIGIN)}, { live: live === 'live' })
  const write = i => writer.write({ t: i, kind: 'node', op: 'added', name: 'n-' + i + Math.sin(i) })
  let drained
  for (let i = 0; drained === undefined; i++) {
    try {
      if (write(i) !== undefined) throw new Error('refused')
      if (i % 1000 === 999) await writer.flush().catch(() => {})
      await writer.drain()
    } catch (error) {
      drained = code(error)
    }
  }
  const flushed = await writer.flush().catch(code)
  let written
  try {
    write(1e6)
  } catch (error) {
    written = code(error)
  }
  const finished = await writer.finish().catch(code)
  writer.abort()
  await new Promise(resolve => setImmediate(resolve))
  const left = [existsSync(path), existsSync(path + '.partial')]
  const open = readdirSync('/proc/self/fd').length - openBefore
  console.log(JSON.stringify({ drained, flushed, written, finished, left, open }))
`

for (const name of ['full.jsonl', 'full.jsonl.gz']) {
  void t.test(`${name}: a full disk is told by whatever is called next`, LINUX_ONLY, async t => {
    for (const live of [true, false]) {
      const path = folder.path(`${live}-${name}`)
      // 64 KiB: the kernel says "file too large" where a disk says "no space left", and sends a signal that Node ignores;
      // tap's own hook, which NODE_OPTIONS would bring into this process too, ends the process at that signal.
      const limited = 'unset NODE_OPTIONS; ulimit -f 64; exec "$@"'
      const args = ['-c', limited, 'bash', process.execPath, '--input-type=module', '-e', WRITE_INTO_LITTLE, path]
      const { stdout } = await promisify(execFile)('bash', [...args, live ? 'live' : ''])
      const told = ['CHURN_TRACE_FILE', 2, 'EFBIG']
      t.match(JSON.parse(stdout), {
        drained: told,
        flushed: told,
        written: told,
        finished: [...told, /the trace .* cannot be written on/],
        left: [live, false],
        open: 0,
      })
      if (!live) continue
      const { reader, events } = await readTrace(path)
      t.ok(events.length >= 500, `a recording stays as far as it came: ${events.length} events`)
      t.notOk(reader.isComplete)
    }
  })
}

void t.test('a disk that is full from the start', LINUX_ONLY, async t => {
  const before = readdirSync('/proc/self/fd').length
  t.throws(() => TraceWriter.create('/dev/full', ORIGIN, { live: true, force: true }), {
    code: 'CHURN_TRACE_FILE',
    exitCode: 2,
    cause: { code: 'ENOSPC' },
    message: /the trace \/dev\/full cannot be written/,
  })
  const path = folder.path('full.jsonl')
  symlinkSync('/dev/full', `${path}.partial`)
  t.throws(() => TraceWriter.create(path, ORIGIN), { cause: { code: 'ENOSPC' } })
  t.notOk(existsSync(path))
  await new Promise(resolve => setImmediate(resolve))
  t.equal(readdirSync('/proc/self/fd').length, before, 'nothing is left open')
})

void t.test('files in the way', LINUX_ONLY, async t => {
  const path = folder.path('there.jsonl')
  writeFileSync(path, 'precious')
  for (const live of [true, false]) {
    t.throws(() => TraceWriter.create(path, ORIGIN, { live }), {
      code: 'CHURN_TRACE_FILE',
      message: /there.jsonl is there already; name another file, or say --force/,
    })
  }
  t.equal(readFileSync(path, 'utf8'), 'precious')
  t.throws(() => TraceWriter.create(`${path}/below/trace.jsonl`, ORIGIN), {
    code: 'CHURN_TRACE_FILE',
    message: /cannot be written/,
    cause: { code: 'ENOTDIR' },
  })
  mkdirSync(folder.path('folder.jsonl'))
  t.throws(() => TraceWriter.create(folder.path('folder.jsonl'), ORIGIN, { live: true, force: true }), {
    cause: { code: 'EISDIR' },
  })
  const sealed = folder.path('sealed')
  mkdirSync(sealed)
  chmodSync(sealed, 0o500)
  if (process.getuid?.() !== 0) {
    t.throws(() => TraceWriter.create(`${sealed}/trace.jsonl`, ORIGIN), { cause: { code: 'EACCES' } })
  }
  t.throws(() => TraceWriter.create('/proc/trace.jsonl', ORIGIN), { code: 'CHURN_TRACE_FILE' })
})

void t.test('a file that somebody else makes meanwhile is kept, and so is the trace', async t => {
  const path = folder.path('race.jsonl')
  const writer = TraceWriter.create(path, ORIGIN)
  for (const event of EVENTS) writer.write(event)
  writeFileSync(path, 'precious')
  await t.rejects(writer.finish(), {
    code: 'CHURN_TRACE_FILE',
    message: /is complete and stays in .*race.jsonl.partial/,
  })
  t.equal(readFileSync(path, 'utf8'), 'precious')
  t.same((await readTrace(`${path}.partial`)).events, EVENTS)
})

void t.test('a trace is finished once, and nothing is written afterwards', async t => {
  const writer = TraceWriter.create(folder.path('once.jsonl'), ORIGIN)
  await writer.finish()
  await t.rejects(writer.finish(), /the trace is complete/)
  t.throws(() => writer.write(EVENTS[0]!), /the trace is complete/)
  writer.abort()
  t.ok(existsSync(folder.path('once.jsonl')), 'giving up what is complete changes nothing')
})

void t.test('what no reader would take is refused', async t => {
  const path = folder.path('refused.jsonl')
  const writer = TraceWriter.create(path, ORIGIN)
  const node = { t: 0, kind: 'node', op: 'added', name: 'n-0' } as const
  const filler = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`l-${i}`, 'x'.repeat(600)]))
  for (const [event, fault] of [
    [{ ...node, name: '' }, /node added: name must NOT have fewer than 1 characters/],
    [{ ...node, t: 0.5 }, /node added: t must be integer/],
    [{ ...node, t: Number.NaN }, /node added: t must be integer/],
    [{ ...node, labels: filler }, /its line would be longer than 1048576 bytes/],
    [{ ...node, colour: 'red' }, /unknown field "colour"/],
    [{ ...node, labels: { a: 1 } }, /labels.a must be string/],
  ] as const) {
    t.match(writer.write(event as unknown as ChurnEvent), fault)
  }
  t.equal(writer.write(node), undefined)
  await writer.finish()
  t.same((await readTrace(path)).events, [node])
  t.throws(() => TraceWriter.create(path, { ...ORIGIN, start: 'yesterday' }, { force: true }), /start must match/)
})
