import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { t as tap } from 'tap'
import { t } from 'tap'
import { readReport, type Report } from '../../reports/index.ts'
import { type Outcome, run, start } from '../support/program.ts'
import { TINY } from '../support/tiny-scenario.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-cli-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

type Asserts = Pick<typeof t, 'equal' | 'match' | 'notMatch'>

/** Up, and down again, with everything that must hold. */
const tiny = join(dir, 'tiny.json')
writeFileSync(
  tiny,
  JSON.stringify({
    ...TINY,
    scenarios: {
      ...TINY.scenarios,
      down: { ...TINY.scenarios.up, startTime: '3s', args: { workload: 'shop/api', replicas: 2 } },
    },
    duration: '4s',
    settle: '3s',
    thresholds: { targets_missed: ['value==0'], samples_lost: ['value==0'], samples_wrong: ['value==0'] },
  }),
)

/** One clear message on stderr, no stack. */
function refused(t: Asserts, outcome: Outcome, code: number, pattern: RegExp): void {
  t.equal(outcome.code, code, `exit ${code}`)
  t.match(outcome.stderr, pattern)
  t.notMatch(outcome.stderr, /\n\s+at .*:\d+:\d+/, 'no stack trace')
}

t.test('the scenarios are listed, one line each', async t => {
  const { code, stdout } = await run('scenario', '--list')
  t.equal(code, 0)
  for (const name of ['rollout', 'node-failure', 'scale-burst']) t.match(stdout, new RegExp(`^${name} +\\S.*$`, 'm'))
})

t.test('what cannot be run is refused before anything is started', async t => {
  refused(t, await run('scenario', 'nope'), 2, /there is no scenario "nope"; known are rollout/)
  refused(t, await run('scenario'), 2, /name a scenario/)
  refused(
    t,
    await run('scenario', 'rollout', '--set', 'cluster.nodes=0', '--set', 'duration=soon'),
    2,
    /cluster\.nodes[^]*duration/,
  )
  refused(t, await run('scenario', 'rollout', '--subject', 'nagios'), 2, /nagios/)
  refused(t, await run('scenario', 'rollout', '--profile', 'huge'), 2, /huge/)
  refused(t, await run('scenario', tiny, '--config', join(dir, 'absent.yml')), 2, /absent\.yml cannot be read/)
  refused(t, await run('scenario', tiny, '--out', '/proc/nope'), 2, /\/proc\/nope/)
  refused(
    t,
    await run('scenario', tiny, '--out', join(dir, 'a'), '--subject', 'prometheus', '--bin', join(dir, 'absent')),
    2,
    /absent/,
  )
  refused(t, await run('frobnicate'), 2, /frobnicate/)
})

t.test('too few file descriptors are noticed before the start', async t => {
  const few = start(
    ['scenario', tiny, '--set', 'cluster.workloads.api.replicas=20000', '--out', join(dir, 'fd')],
    ['bash', '-c', 'ulimit -n 1024 && exec "$@"', '--', process.execPath],
  )
  refused(t, await few.ended, 2, /descriptors/)
})

t.test('a subject that dies at once, refuses its configuration or never becomes ready is told apart', async t => {
  const fake = (name: string, body: string): string => {
    const path = join(dir, name)
    writeFileSync(path, `#!/bin/sh\n${body}\n`)
    chmodSync(path, 0o755)
    return path
  }
  // Enough of a Prometheus to be taken for one with Kubernetes discovery: see harness/peers/prometheus-binary.ts.
  const version = [
    'case "$1" in --version) echo "prometheus, version 3.99.0"; exit 0;; esac',
    'if grep -q churnbench_probe "${1#--config.file=}"; then echo "field churnbench_probe not found" >&2; exit 1; fi',
  ].join('\n')
  const dies = await run(
    'scenario',
    tiny,
    '--subject',
    'prometheus',
    '--bin',
    fake('dies', `${version}\necho "no such luck" >&2\nexit 7`),
    '--out',
    join(dir, 'dies-out'),
  )
  refused(t, dies, 6, /no such luck/)
  const mute = await run(
    'scenario',
    tiny,
    '--subject',
    'prometheus',
    '--bin',
    fake('mute', `${version}\nexec sleep 1000`),
    '--out',
    join(dir, 'mute-out'),
    '--ready-timeout',
    '1s',
  )
  refused(t, mute, 6, /ready/)
  t.same(childrenNaming(join(dir, 'mute-out')), [], 'nothing is left running')

  const config = join(dir, 'bad.yml')
  writeFileSync(config, 'global:\n  scrape_interval: soon\nscrape_configs:\n  - job_name: a\n    colour: red\n')
  const bad = await run('scenario', tiny, '--config', config, '--out', join(dir, 'bad-out'))
  refused(t, bad, 2, /scrape_interval[^]*colour/)
})

/** Exit code of a run that went well, or 5: on a busy machine the harness may find itself late, and says so. */
function wentWell(t: Asserts & Pick<typeof tap, 'ok'>, code: number | null, expected: number): void {
  t.ok(code === expected || code === 5, `exit ${code}, expected ${expected}, or 5 on a busy machine`)
}

t.test('a run writes its report; the same seed gives the same trace, another seed another', async t => {
  const reports: Report[] = []
  for (const name of ['one', 'two']) {
    const out = join(dir, name)
    const outcome = await run('scenario', tiny, '--seed', '11', '--out', out)
    wentWell(t, outcome.code, 0)
    t.match(outcome.stderr, /^npm run scenario -- .*--seed 11/, 'the first line repeats the run')
    for (const file of ['report.json', 'report.md', 'report.html', 'kubeconfig'])
      t.ok(existsSync(join(out, file)), file)
    t.ok(
      readdirSync(join(out, 'subject')).some(file => file.endsWith('.log')),
      'the log of the subject is kept',
    )
    t.same(childrenNaming(out), [], 'nothing is left running')
    reports.push(await readReport(join(out, 'report.json')))
  }
  // A third one shows the report on stdout and a threshold that cannot hold.
  const third = await run(
    'scenario',
    tiny,
    '--seed',
    '12',
    '--json',
    '--out',
    join(dir, 'three'),
    '--set',
    'thresholds.rss_peak=["value<1"]',
  )
  wentWell(t, third.code, 99)
  reports.push(JSON.parse(third.stdout) as Report)
  t.match(reports[2], { thresholds: [{}, {}, {}, { metric: 'rss_peak', ok: false }] })

  const [one, two, three] = reports.map(report => report.runs[0]!)
  t.equal(one!.traceSha256, two!.traceSha256)
  t.not(one!.traceSha256, three!.traceSha256)
  for (const { metrics } of [one!, two!, three!]) {
    t.match(metrics, {
      targets_missed: { value: 0 },
      samples_lost: { value: 0 },
      samples_wrong: { value: 0 },
      discovery_latency: { count: 6 },
    })
    t.ok((metrics.samples_stored as { value: number }).value > 500)
  }
})

t.test('Ctrl-C keeps what was measured as an aborted report and leaves nothing running', async t => {
  const out = join(dir, 'interrupted')
  const started = start(['scenario', tiny, '--out', out, '--set', 'duration=60s'])
  await started.said(/scale api to 6/)
  started.child.kill('SIGINT')
  const { code, stderr } = await started.ended
  t.equal(code, 105, stderr)
  const report = await readReport(join(out, 'report.json'))
  t.match(report, { verdict: { status: 'aborted', exitCode: 105 }, runs: [{ aborted: true }] })
  t.ok('discovery_latency' in report.runs[0]!.metrics)
  t.same(childrenNaming(out), [])
})

t.test('a subject that is killed during the run ends it with 6 and an aborted report', async t => {
  const out = join(dir, 'killed')
  const started = start(['scenario', tiny, '--out', out, '--set', 'duration=60s'])
  await started.said(/scale api to 6/)
  for (const pid of childrenNaming(out)) process.kill(pid, 'SIGKILL')
  const { code, stderr } = await started.ended
  t.equal(code, 6, stderr)
  t.match(await readReport(join(out, 'report.json')), { verdict: { status: 'aborted', exitCode: 6 } })
})

t.test('the cluster command serves a real kubectl until interrupted; a busy port is one sentence', async t => {
  const busy = createServer()
  await new Promise<void>(resolve => busy.listen(0, '127.0.0.1', resolve))
  const { port } = busy.address() as { port: number }
  refused(t, await run('cluster', '--port', String(port), '--kubeconfig', join(dir, 'busy')), 2, new RegExp(`${port}`))
  await new Promise(resolve => busy.close(resolve))

  const kubeconfig = join(dir, 'kubeconfig')
  const cluster = start(['cluster', '--kubeconfig', kubeconfig, '--nodes', '3'])
  await cluster.said(/Ctrl-C ends it/)
  t.match(readFileSync(kubeconfig, 'utf8'), /kind: Config/)
  const nodes = await new Promise<string>(resolve => {
    execFile('kubectl', ['--kubeconfig', kubeconfig, 'get', 'nodes'], (error, stdout, stderr) => {
      resolve((error as NodeJS.ErrnoException | null)?.code === 'ENOENT' ? 'absent' : stdout + stderr)
    })
  })
  if (nodes === 'absent') t.comment('kubectl is not installed: npm run peers -- --install')
  else t.match(nodes, /node-0 +Ready[^]*node-2 +Ready/)
  cluster.child.kill('SIGINT')
  t.equal((await cluster.ended).code, 0)
})

/** Living processes whose command line names a path: what a run left behind. */
function childrenNaming(path: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        return command.includes(`${path}/`) && !command.includes('churnbench.js')
      } catch {
        // Ended meanwhile.
        return false
      }
    })
    .map(Number)
}
