// The command: killed, interrupted, ended by time, continued, and what it says to who uses it wrongly.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { SystemClock } from '../../base/index.ts'
import { canonicalLine } from '../../sim/trace/index.ts'
import { workload } from '../sim/controllers/harness.ts'
import {
  byObject,
  finalState,
  readTrace,
  startFakeCluster,
  stateAfter,
  until,
} from '../sim/trace/record/fake-cluster.ts'
import { run, start } from '../support/program.ts'

/** Flushing, a busy machine, and the way through the watch. */
const LOST_MS_MAX = 2000

void t.test('kill -9 takes the last second at most, and --resume goes on', async t => {
  const fake = await startFakeCluster(t)
  const { cluster, act, truth, dir, kubeconfig } = fake
  const out = join(dir, 'killed.jsonl.gz')
  const args = ['record', '--out', out, '--kubeconfig', kubeconfig]
  const first = start(args)
  await first.said(/recording to/)
  const clock = new SystemClock()
  const endMs = clock.unixMs() + LOST_MS_MAX + 1500
  let round = 0
  act(() => cluster.applyWorkload(workload('web', 4)))
  const churn = (): void => {
    if (clock.unixMs() > endMs) return
    act(() => cluster.scale('shop', 'web', round++ % 2 === 0 ? 10 : 3))
    clock.schedule(150, churn)
  }
  churn()
  await until(() => clock.unixMs() > endMs)
  first.child.kill('SIGKILL')
  const killedMs = clock.unixMs()
  await first.ended

  const { reader, events } = await readTrace(out)
  t.notOk(reader.isComplete)
  const old = truth.filter(({ unixMs }) => unixMs < killedMs - LOST_MS_MAX).map(({ event }) => event)
  t.ok(old.length > 100, `${old.length} events were old enough to be safe`)
  const recorded = byObject(events)
  for (const [key, lines] of Object.entries(byObject(old))) t.strictSame(recorded[key]?.slice(0, lines.length), lines)

  const second = start([...args, '--resume'])
  await second.said(/recording to/)
  fake.freeze()
  const wanted = finalState(stateAfter(truth.map(({ event }) => event)))
  const isThere = async (): Promise<boolean> => finalState((await readTrace(out)).reader.state).join() === wanted.join()
  while (!(await isThere())) await new Promise<void>(resolve => clock.schedule(100, resolve))
  second.child.kill('SIGINT')
  const { code, stderr, stdout } = await second.ended
  t.equal(code, 0)
  t.equal(stdout, '')
  t.match(stderr, /interrupted: ending the recording in order/)
  t.match(
    stderr,
    /killed\.jsonl\.gz: \d+ events \(node 4, workload \d+, service 1, pod \d+\), \d+ pods, [\dms]+, [\d.]+ kB/,
  )
  t.notMatch(stderr, /left out/)
  const after = await readTrace(out)
  t.ok(after.reader.isComplete)
  t.strictSame(after.events.slice(0, events.length).map(canonicalLine), events.map(canonicalLine))
  t.strictSame(finalState(after.reader.state), wanted)
})

void t.test('it ends by itself when its time is over, and keeps a file that is there', async t => {
  const { dir, kubeconfig } = await startFakeCluster(t)
  const out = join(dir, 'short.jsonl')
  const outcome = await run('record', '--out', out, '--kubeconfig', kubeconfig, '--duration', '300ms')
  t.equal(outcome.code, 0)
  t.match(outcome.stderr, /short\.jsonl: 4 events \(node 4, /)
  const { reader } = await readTrace(out)
  t.ok(reader.isComplete)
  t.ok(reader.header.durationMs! >= 300)
  t.match(reader.header.source, {
    kind: 'cluster',
    tool: /^churnbench \d/,
    details: { context: 'churnbench', serverVersion: /^v1/ },
  })
  t.notMatch(readFileSync(out, 'utf8'), /127\.0\.0\.1:|https/, 'nothing tells where the server is')
  const again = await run('record', '--out', out, '--kubeconfig', kubeconfig)
  t.equal(again.code, 2)
  t.match(again.stderr, /is there already; name another file, or say --force \[CHURN_TRACE_FILE\]/)
})

void t.test('several streams of kubectl, of which some say nothing for long', async t => {
  const dir = t.testdir({})
  const pipes = ['a', 'b', 'c', 'd', 'e', 'f'].map(name => join(dir, name))
  execFileSync('mkfifo', pipes)
  const out = join(dir, 'pipes.jsonl.gz')
  const recording = start([
    'record',
    '--out',
    out,
    '--duration',
    '1500ms',
    ...pipes.flatMap(pipe => ['--from-kubectl', pipe]),
  ])
  const pod = { kind: 'Pod', metadata: { name: 'x', namespace: 'y', uid: 'z' }, spec: { containers: [] } }
  // All are opened, so that nobody waits for them; one says something.
  const holders = pipes.map((pipe, i) =>
    start(
      [],
      ['/bin/sh', '-c', `exec 3>'${pipe}'; ${i === 0 ? `echo '${JSON.stringify(pod)}' >&3; ` : ''}exec sleep 60`],
    ),
  )
  t.teardown(() => holders.forEach(({ child }) => child.kill()))
  const { code, stderr } = await recording.ended
  t.equal(code, 0, stderr)
  t.match(stderr, /1 events .*1 objects read; times are those of their arrival/s)
  t.equal((await readTrace(out)).events.length, 1)
})

void t.test('who uses it wrongly is told what to do', async t => {
  const dir = t.testdir({})
  const out = join(dir, 'x.jsonl')
  const text = join(dir, 'text.json')
  writeFileSync(text, 'Unable to connect to the server\n')
  const cases: [string[], RegExp][] = [
    [['--kubeconfig', join(dir, 'absent')], /kubeconfig .*absent cannot be read.*\[CHURN_TRACE_RECORD\]/],
    [['--from-kubectl', join(dir, 'absent')], /the stream .*absent cannot be read.*\[CHURN_TRACE_RECORD\]/],
    [['--from-kubectl', text], /text\.json: object 1 at byte 0 is no JSON object.*\[CHURN_TRACE_RECORD\]/],
    [['--from-kubectl', '-', '--namespace', 'shop'], /give cluster, namespaces and labels to kubectl/],
    [['--from-kubectl', '-', '--resume'], /--resume needs the API server/],
    [['--from-kubectl', '-', '--from-kubectl', '-'], /named twice/],
    [
      ['--from-kubectl', '-', '--times', 'arrival', '--start', '2026-01-01T00:00:00Z'],
      /--start is for --times objects/,
    ],
    [['--times', 'objects'], /for streams of kubectl/],
    [['--resume', '--force'], /choose one/],
    [['--start', 'yesterday'], /2026-11-27T14:30:00Z/],
    [['--duration', '5'], /not a duration/],
  ]
  for (const [args, pattern] of cases) {
    const { code, stderr, stdout } = await run('record', '--out', out, ...args)
    t.equal(code, 2, args.join(' '))
    t.match(stderr, pattern)
    t.equal(stdout, '')
    t.notMatch(stderr, /\n\s+at /, 'no stack')
    t.notOk(existsSync(out))
  }
  t.equal((await run('record')).code, 2)
})
