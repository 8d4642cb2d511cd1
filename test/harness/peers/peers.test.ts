// Goal: `npm run peers` tells the truth about any machine and installs only what is missing.
// Method: a PATH of scripts that pretend to be programs and package managers; they write down how they were called.
import { existsSync, readFileSync, renameSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { cacheFolder, type Environment, findPrograms, runPeers, runProgram } from '../../../harness/peers/index.ts'
import { releaseOf, stableVersions } from '../../../harness/peers/build-prometheus.ts'
import type { PeerStatus } from '../../../harness/peers/index.ts'
import { shellProgram } from '../subjects/fake-program.ts'

interface Machine {
  readonly dir: string
  readonly bin: string
  readonly env: Environment
  /** Puts a program on the machine's PATH. */
  program(name: string, source: string): void
  peers(...args: readonly string[]): Promise<{ readonly statuses: readonly PeerStatus[]; readonly told: string }>
  /** How the programs that write into `calls` were called. */
  calls(): string
}

/** A machine with nothing on it. */
function machine(t: Test): Machine {
  const dir = t.testdir({ bin: {} })
  const bin = path.join(dir, 'bin')
  const env = { PATH: bin, HOME: dir, CHURNBENCH_CACHE: path.join(dir, 'cache'), CALLS: path.join(dir, 'calls') }
  return {
    dir,
    bin,
    env,
    program: (name, source) => void shellProgram(bin, name, source),
    async peers(...args) {
      let json = ''
      let told = ''
      const named = (option: string): string[] => args.flatMap((arg, i) => (args[i - 1] === option ? [arg] : []))
      const options = { install: args.includes('--install'), only: named('--only'), require: named('--require') }
      await runPeers({ ...options, json: true }, { out: text => (json += text), err: text => (told += text) }, env)
      return { statuses: (JSON.parse(json) as { peers: PeerStatus[] }).peers, told }
    },
    calls: () => (existsSync(env.CALLS) ? readFileSync(env.CALLS, 'utf8') : ''),
  }
}

/** What a Prometheus says to --version and to the configuration that it is probed with. */
const prometheus = (complaint: string): string => `
  case "$1" in --version) echo "prometheus, version 9.9.9 (branch: x, revision: y)"; exit 0;; esac
  echo "line 5: field ${complaint} not found; line 6: field churnbench_probe not found" >&2
  exit 2`
const WITH_SD = prometheus('nothing_else')
const WITHOUT_SD = prometheus('kubernetes_sd_configs')

void t.test('says what is there, in which version, and what is not', async t => {
  const m = machine(t)
  m.program('kubectl', `echo 'Client Version: v1.32.4'`)
  m.program('promtool', `echo 'promtool, version 2.42.0+ds (branch: x)' >&2`)
  m.program('memcached', 'exit 3')
  m.program('victoria-metrics', 'echo')
  m.program('redis_exporter', `echo 'INFO Redis Metrics Exporter v1.45.0    build date'`)
  m.program(
    'dpkg-query',
    `case "$1 $2" in
      "--search ${m.bin}/victoria-metrics") echo "victoria-metrics:amd64: $2";;
      "--show --showformat=\\\${Version}") echo -n 1.79.5+ds1;;
      *) exit 1;;
    esac`,
  )
  const { statuses } = await m.peers()
  const of = (name: string): PeerStatus => statuses.find(status => status.name === name)!
  t.match(of('kubectl'), { found: [{ path: path.join(m.bin, 'kubectl'), version: '1.32.4' }], missing: undefined })
  t.equal(of('promtool').found[0]!.version, '2.42.0+ds')
  t.equal(of('memcached').found[0]!.version, 'unknown', 'there, though it does not say what it is')
  t.equal(of('victoria-metrics').found[0]!.version, '1.79.5+ds1', 'what a program does not say, its package does')
  t.equal(of('redis-exporter').found[0]!.version, '1.45.0')
  t.match(of('k6'), { found: [], missing: { reason: 'not found', how: /k6/ } })
  t.match(of('prometheus').missing, { reason: 'not found', how: /--install/ })
})

void t.test('a Prometheus counts when it has kubernetes_sd, and that one comes first', async t => {
  const m = machine(t)
  m.program('prometheus', WITHOUT_SD)
  const [without] = (await m.peers('--only', 'prometheus')).statuses
  t.match(without, { found: [{ version: '9.9.9', kubernetesSd: false }], missing: { reason: /without kubernetes_sd/ } })
  const second = shellProgram(path.join(m.dir, 'cache', 'bin'), 'prometheus', WITH_SD)
  const [both] = (await m.peers('--only', 'prometheus')).statuses
  t.match(both!.found, [{ path: second, kubernetesSd: true }, { kubernetesSd: false }])
  t.equal(both!.missing, undefined)
})

void t.test('names: only, required, unknown', async t => {
  const m = machine(t)
  const { statuses } = await m.peers('--only', 'kubectl', '--only', 'go')
  t.strictSame(
    statuses.map(status => status.name),
    ['kubectl', 'go'],
  )
  await t.rejects(m.peers('--require', 'kubectl'), {
    code: 'CHURN_PEER_MISSING',
    exitCode: 6,
    message: /kubectl \(not found\)/,
  })
  await t.rejects(m.peers('--only', 'nagios'), {
    code: 'CHURN_PEER_UNKNOWN',
    exitCode: 2,
    message: /there is no peer nagios; there are prometheus, /,
  })
  m.program('kubectl', `echo 'Client Version: v1.32.4'`)
  await m.peers('--require', 'kubectl')
})

void t.test('the table for people', async t => {
  const m = machine(t)
  m.program('kubectl', `echo 'Client Version: v1.32.4'`)
  m.program('prometheus', WITHOUT_SD)
  let table = ''
  const output = { out: (text: string) => (table += text), err: () => {} }
  await runPeers({ install: false, only: ['kubectl', 'prometheus'], require: [], json: false }, output, m.env)
  t.match(table, /^prometheus +missing +found, but built without kubernetes_sd \(subject prometheus.*\); /)
  t.match(table, /\n +9\.9\.9 +\/.*\/prometheus \(kubernetes_sd: no\)\n/)
  t.match(table, /\nkubectl +1\.32\.4 +\/.*\/kubectl\n$/)
})

/** An apt-get that has one package after an update, as root or through sudo. */
function withApt(m: Machine): void {
  shellProgram(path.join(m.dir, 'store'), 'kubectl', `echo 'Client Version: v1.20.2'`)
  m.program('sudo', 'shift; exec "$@"')
  m.program(
    'apt-get',
    `echo "$*" >> "$CALLS"
    case "$*" in
      *update) : > "${m.dir}/updated";;
      *kubernetes-client) [ -e "${m.dir}/updated" ] || { echo 'E: Unable to locate package kubernetes-client' >&2; exit 100; }
        /bin/cp "${m.dir}/store/kubectl" "${m.bin}/kubectl";;
      *) echo 'E: the disk is full' >&2; exit 100;;
    esac`,
  )
}

void t.test('installs packages that are missing, once, and keeps what cannot be had in the list', async t => {
  const m = machine(t)
  const [none] = (await m.peers('--install', '--only', 'kubectl')).statuses
  t.match(none!.missing, { reason: 'this machine has no apt-get' })
  withApt(m)
  const first = await m.peers('--install', '--only', 'kubectl')
  t.match(first.statuses, [{ name: 'kubectl', found: [{ version: '1.20.2' }] }])
  t.match(first.told, /running .*apt-get .*install --yes --no-install-recommends kubernetes-client/)
  t.match(first.told, /kubectl is installed: /)
  t.equal(m.calls().split('\n').length - 1, 3, 'install, update, install')
  await m.peers('--install', '--only', 'kubectl')
  t.equal(m.calls().split('\n').length - 1, 3, 'the second time there is nothing to do')
  const failed = await m.peers('--install', '--only', 'memcached', '--only', 'memcached-exporter')
  t.match(failed.statuses, [
    { name: 'memcached', missing: { reason: /apt-get install memcached failed: E: the disk is full/ } },
    { name: 'memcached-exporter', missing: { reason: 'no package manager here offers it' } },
  ])
  const before = m.calls()
  // Before the machine's own Go, which would really build.
  m.program('go', `echo 'no network' >&2; exit 1`)
  const plain = await m.peers('--install')
  t.match(plain.statuses[0]!.missing!.reason, /go cannot list the versions of .*: no network/)
  t.notMatch(m.calls().slice(before.length), 'redis-server', 'servers for one scenario come only when named')
})

void t.test('builds Prometheus with Go, from the newest release that can be had', async t => {
  const m = machine(t)
  const built = shellProgram(path.join(m.dir, 'store'), 'prometheus', WITH_SD)
  m.program(
    'go',
    `echo "$* | $GOFLAGS" >> "$CALLS"
    case "$*" in
      "list -m -versions "*) echo 'm v0.45.0 v0.315.0 v0.315.1 v0.316.0 v0.317.0-rc.0 v1.8.2 v2.5.0';;
      "get "*@v0.316.0) echo 'go: no such dependency' >&2; exit 1;;
      "get "*) [ -e go.mod ] || exit 1;;
      build*) [ -n "$BROKEN" ] || /bin/cp "${built}" "$5";;
    esac`,
  )
  const { statuses, told } = await m.peers('--install', '--only', 'prometheus')
  const cached = path.join(m.dir, 'cache', 'bin', 'prometheus')
  t.match(statuses, [{ name: 'prometheus', found: [{ path: cached, version: '9.9.9', kubernetesSd: true }] }])
  t.match(told, /Prometheus 3\.16\.0: its module cannot be had: go: no such dependency/)
  t.match(
    m.calls(),
    /get github\.com\/prometheus\/prometheus\/cmd\/prometheus@v0\.315\.1 \| .*-tags=remove_all_sd,enable_kubernetes_sd/,
  )
  t.match(m.calls(), /common\/version\.Version=3\.15\.1 -o /)
  const calls = m.calls()
  await m.peers('--install', '--only', 'prometheus')
  t.equal(m.calls(), calls, 'the second time there is nothing to do')

  renameSync(cached, `${cached}.old`)
  shellProgram(path.join(m.dir, 'store'), 'prometheus', WITHOUT_SD)
  const useless = await m.peers('--install', '--only', 'prometheus')
  t.match(useless.statuses[0]!.missing!.reason, /Prometheus 3\.15\.0 was built, but does not know kubernetes_sd/)
  t.notOk(existsSync(cached), 'what is of no use is not kept')
})

void t.test('builds other programs with Go, of versions that belong together, and prefers them', async t => {
  const m = machine(t)
  m.program('vmagent', `echo 'vmagent-20220414-tags-v1.79.5-0-g1'`)
  const built = shellProgram(path.join(m.dir, 'store'), 'built', `echo 'otelcol version 0.164.0, tags-v1.131.0'`)
  m.program(
    'go',
    `echo "$* | $GOFLAGS" >> "$CALLS"
    case "$*" in
      get*) [ -e go.mod ] && [ -z "$UNREACHABLE" ] || { echo 'go: no such module' >&2; exit 1; };;
      build*) if [ -e main.go ]; then echo "own source" >> "$CALLS"; fi; /bin/cp "${built}" "$5";;
    esac`,
  )
  const [system, current, collector] = (
    await m.peers('--install', '--only', 'vmagent', '--only', 'vmagent-current', '--only', 'otelcol')
  ).statuses
  t.match(system!.found, [{ version: '1.79.5' }], 'that one was there')
  const bin = path.join(m.dir, 'cache', 'bin')
  t.match(current, { found: [{ path: path.join(bin, 'vmagent'), version: '1.131.0' }], missing: undefined })
  t.match(collector, { found: [{ path: path.join(bin, 'otelcol'), version: '0.164.0' }], missing: undefined })
  t.match(m.calls(), /get github\.com\/VictoriaMetrics\/VictoriaMetrics\/app\/vmagent@v1\.131\.0 /)
  t.match(m.calls(), /buildinfo\.Version=vmagent-tags-v1\.131\.0 -o \S+ github\.com\/VictoriaMetrics\S+\/app\/vmagent /)
  t.match(
    m.calls(),
    /prometheusreceiver@v0\.164\.0 .*fileprovider@v1\.70\.0 .*-tags=remove_all_sd,enable_kubernetes_sd/,
  )
  t.match(m.calls(), /main\.version=0\.164\.0 -o \S+ \. .*\nown source/)
  t.match((await m.peers('--only', 'vmagent')).statuses[0]!.found, [{ version: '1.131.0' }, { version: '1.79.5' }])

  m.program('kubectl', `echo 'Client Version: v1.20.2'`)
  shellProgram(path.dirname(built), path.basename(built), `echo 'Client Version: v1.37.2'`)
  t.match((await m.peers('--install', '--only', 'kubectl-current')).statuses[0]!.found, [{ version: '1.37.2' }])
  t.match(m.calls(), /get k8s\.io\/kubectl@v0\.37\.2 k8s\.io\/component-base@v0\.37\.2 /)
  t.match(m.calls(), /component-base\/version\.gitVersion=v1\.37\.2 -o \S+ \. .*\nown source/)
  t.match((await m.peers('--only', 'kubectl')).statuses[0]!.found, [{ version: '1.37.2' }, { version: '1.20.2' }])

  const other = machine(t)
  other.program('go', `echo 'go: no such module' >&2; exit 1`)
  const failed = await other.peers('--install', '--only', 'otelcol')
  t.match(failed.statuses[0]!.missing!.reason, /the modules of otelcol cannot be had: go: no such module/)
})

void t.test('builds the parts of a control plane, whose modules are published apart', async t => {
  const m = machine(t)
  const built = shellProgram(
    path.join(m.dir, 'store'),
    'built',
    `echo 'Kubernetes v1.36.3'; echo 'etcd Version: 3.6.13'`,
  )
  m.program(
    'go',
    `echo "$*" >> "$CALLS"
    case "$*" in
      get*) while read line; do echo "go.mod $line" >> "$CALLS"; done < go.mod;;
      build*) /bin/cp "${built}" "$5";;
    esac`,
  )
  m.program('etcd', `echo 'etcd Version: 3.4.23'`)
  const { statuses } = await m.peers('--install', '--only', 'etcd', '--only', 'kube-scheduler')
  const bin = path.join(m.dir, 'cache', 'bin')
  t.match(statuses, [
    { name: 'etcd', found: [{ path: path.join(bin, 'etcd'), version: '3.6.13' }] },
    { name: 'kube-scheduler', found: [{ path: path.join(bin, 'kube-scheduler'), version: '1.36.3' }] },
  ])
  t.equal(statuses[0]!.found.length, 1, 'of another release than the others, the one of the system is not for this')
  const [ofEtcd, ofScheduler] = m.calls().split('get k8s.io/kubernetes/cmd/kube-scheduler@v1.36.3\n') as [
    string,
    string,
  ]
  t.match(ofEtcd, /get go\.etcd\.io\/etcd\/server\/v3@v3\.6\.13\n/)
  t.notMatch(ofEtcd, /replace/)
  t.match(ofScheduler, /^go\.mod replace k8s\.io\/api => k8s\.io\/api v0\.36\.3$/m)
  t.match(ofScheduler, /version\.gitVersion=v1\.36\.3 -o \S+ k8s\.io\/kubernetes\/cmd\/kube-scheduler\n/)
})

void t.test('releases among the versions of the module', async t => {
  const listed =
    'github.com/prometheus/prometheus v0.35.0 v0.300.0 v0.309.2 v0.310.0 v0.310.0-rc.1 v1.0.0 v2.5.0+incompatible\n'
  t.strictSame(stableVersions(listed), ['v0.310.0', 'v0.309.2', 'v0.300.0'])
  t.equal(releaseOf('v0.316.0'), '3.16.0')
  t.equal(releaseOf('v0.305.2'), '3.5.2')
})

void t.test('where things are looked for and kept', async t => {
  t.equal(cacheFolder({ CHURNBENCH_CACHE: '/a' }), '/a')
  t.equal(cacheFolder({ XDG_CACHE_HOME: '/x', HOME: '/h' }), '/x/churnbench')
  t.equal(cacheFolder({ XDG_CACHE_HOME: 'relative', HOME: '/h' }), '/h/.cache/churnbench')
  const m = machine(t)
  m.program('tool', 'echo')
  t.strictSame(findPrograms(['tool'], { PATH: `relative::${m.bin}:${m.bin}/../bin` }), [path.join(m.bin, 'tool')])
  t.strictSame(findPrograms(['tool'], {}), [])
})

void t.test('a program that hangs is killed, one that cannot start is data', async t => {
  const m = machine(t)
  const hangs = shellProgram(m.bin, 'hangs', 'echo so far; exec /bin/sleep 1000')
  const result = await runProgram(hangs, [], { timeoutMs: 100 })
  t.match(result, { code: -1, stdout: 'so far\n' })
  t.match(await runProgram(path.join(m.bin, 'none'), []), { code: -1, stderr: /ENOENT/ })
  t.match(await runProgram(shellProgram(m.bin, 'fails', 'echo no >&2; exit 4'), []), { code: 4, stderr: 'no\n' })
})
