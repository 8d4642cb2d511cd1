// The profiles beside the real exporters' own pages, family by family. Needs Debian's packages of them; what is not
// installed is skipped and named: npm run peers -- --install --only node-exporter (redis-server, redis-exporter, …).
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { findProgram } from '../../../harness/peers/find-program.ts'
import { profileByName } from '../../../sim/targets/index.ts'
import { type PageFamily, parsePage } from '../../../sim/targets/profiles/learn/parse-page.ts'
import { addressOf, freePort, specOf, START_UNIX_MS } from './fixtures.ts'

const ADDRESS = addressOf(999)
const READY_MS_MAX = 10_000

/** Our own, that no real exporter has. */
const IDENTITY = /^churnbench_/

interface Comparison {
  readonly profile: string
  readonly page: string
  /** Real families that the profile leaves out on purpose. */
  readonly leftOut: readonly { readonly names: RegExp; readonly why: string }[]
  /** Families of ours that this machine's exporter may lack, for its kernel or its hardware. */
  readonly elsewhere?: RegExp
  /** Labels whose values must be those of the real page. */
  readonly sameValues: readonly string[]
  readonly coveredMin: number
}

/** Both ways: all that we say, the real one says in the same words; and nearly all that it says, we do. */
function compare(t: Test, { profile, page, leftOut, elsewhere, sameValues, coveredMin }: Comparison): void {
  const real = new Map(parsePage(page, 'the real page').map(family => [family.name, family]))
  const body = profileByName(profile)
    .page(specOf(1, { profile }))
    .render(START_UNIX_MS + 600_000, 40)
  const ours = parsePage(body.toString('utf8'), 'our page').filter(({ name }) => !IDENTITY.test(name))
  const faults: string[] = []
  let excused = 0
  for (const family of ours) {
    const other = real.get(family.name)
    if (other === undefined) {
      if (elsewhere?.test(family.name) === true) excused++
      else faults.push(`${family.name}: the real page has no such family`)
      continue
    }
    if (family.type !== other.type) faults.push(`${family.name}: ${family.type}, but really ${other.type}`)
    if (family.help !== other.help) faults.push(`${family.name}: HELP "${family.help}", but really "${other.help}"`)
    const [mine, theirs] = [shapesOf(family), shapesOf(other)]
    for (const shape of mine) if (!theirs.has(shape)) faults.push(`${family.name}: no real sample is like ${shape}`)
    for (const label of sameValues) {
      const known = new Set(other.samples.flatMap(({ labels }) => labels[label] ?? []))
      for (const value of family.samples.flatMap(({ labels }) => labels[label] ?? [])) {
        if (!known.has(value)) faults.push(`${family.name}: ${label}="${value}" is not in the real page`)
      }
    }
    // What we only ever give whole, the real one does not give in fractions.
    const isWhole = (each: PageFamily): boolean =>
      each.samples.every(({ value }) => !value.includes('.') || Number.isInteger(Number(value)))
    const isFraction = ours.some(
      ({ name, samples }) => name === family.name && samples.some(({ value }) => value.includes('.')),
    )
    if (!isFraction && !isWhole(other)) faults.push(`${family.name}: really has fractions`)
  }
  t.ok(excused <= ours.length / 10, `${excused} of ours are not on this machine’s page`)
  t.same(faults, [], 'all that the profile says is said by the real one, in the same words')
  const wanted = [...real.keys()].filter(name => !leftOut.some(({ names }) => names.test(name)))
  const covered = wanted.filter(name => ours.some(family => family.name === name))
  const missing = wanted.filter(name => !covered.includes(name))
  const share = covered.length / wanted.length
  t.comment(
    `${profile}: ${covered.length} of ${wanted.length} families (${(share * 100).toFixed(1)} %), ${real.size - wanted.length} left out on purpose; missing: ${missing.join(', ') || 'none'}`,
  )
  t.ok(share >= coveredMin, `covers at least ${coveredMin * 100} %`)
}

/** Suffix and label names of each kind of sample. */
function shapesOf({ name, samples }: PageFamily): Set<string> {
  return new Set(
    samples.map(sample => `${sample.name.slice(name.length)}{${Object.keys(sample.labels).toSorted().join(',')}}`),
  )
}

const skipWithout = (...programs: readonly string[]): string | false => {
  const missing = programs.filter(program => findProgram(program, process.env) === undefined)
  return missing.length === 0 ? false : `not installed: ${missing.join(', ')}`
}

void t.test('node-exporter', { skip: skipWithout('prometheus-node-exporter') }, async t => {
  const port = await freePort()
  run(t, 'prometheus-node-exporter', [`--web.listen-address=${ADDRESS}:${port}`])
  compare(t, {
    profile: 'node-exporter',
    page: await read(port),
    leftOut: [
      {
        names:
          /^node_(hwmon|thermal|cooling_device|cpu_frequency|cpu_scaling|cpu_core|cpu_package|power_supply|rapl|nvme|edac|dmi|fibrechannel|infiniband|bcache|btrfs|bonding|mdadm|md|zfs|xfs|nfs|nfsd|ipvs|tapestats|drbd|mountstats|watchdog)_/,
        why: 'tells of hardware and file systems that a VM need not have',
      },
      {
        names: /^node_memory_(Balloon|SecPageTables|Zswap|Zswapped)_/,
        why: 'lines of /proc/meminfo that only newer kernels have',
      },
      {
        names: /^node_(schedstat|cpu_info|cpu_vulnerabilities|systemd|arp_states|watchdog)_/,
        why: 'lines of /proc that some kernels lack',
      },
      {
        names: /^node_textfile_mtime_seconds$|^(?:apt_|smartmon_|nvme_|node_reboot)/,
        why: 'files that other packages leave for the textfile collector',
      },
    ],
    // Lines of /proc/meminfo, and collectors that need what a container or another kernel does not show.
    elsewhere: /^node_(memory|nf_conntrack|pressure|netstat|sockstat|timex|entropy|network|udp|selinux|time|disk|arp)_/,
    sameValues: ['mode', 'collector'],
    coveredMin: 0.95,
  })
})

void t.test('redis', { skip: skipWithout('redis-server', 'redis-cli', 'prometheus-redis-exporter') }, async t => {
  const [redisPort, port] = [await freePort(), await freePort()]
  const dir = folder(t)
  run(t, 'redis-server', [
    '--port',
    String(redisPort),
    '--bind',
    ADDRESS,
    '--save',
    '',
    '--dir',
    dir,
    '--protected-mode',
    'no',
  ])
  const redis = async (...args: string[]): Promise<void> => {
    await eventually(() =>
      execFileSync('redis-cli', ['-e', '-h', ADDRESS, '-p', String(redisPort), ...args], { stdio: 'pipe' }),
    )
  }
  // What a cache is used for: the exporter lists only commands that were called.
  for (const args of ['ping', 'set a 1', 'expire a 1000', 'get a', 'get none', 'del none', 'hgetall none'])
    await redis(...args.split(' '))
  run(t, 'prometheus-redis-exporter', [
    '-redis.addr',
    `redis://${ADDRESS}:${redisPort}`,
    '-web.listen-address',
    `${ADDRESS}:${port}`,
  ])
  await read(port)
  compare(t, {
    profile: 'redis',
    // Only the second page tells of the exporter's own commands.
    page: await read(port),
    leftOut: [],
    sameValues: ['cmd', 'db', 'quantile'],
    coveredMin: 0.98,
  })
})

void t.test(
  'postgres',
  {
    skip:
      skipWithout('prometheus-postgres-exporter', 'su') ||
      (postgresFolder() === undefined ? 'not installed: postgres' : false) ||
      (process.getuid?.() === 0 ? false : 'needs root, to become postgres'),
  },
  async t => {
    const [pgPort, port] = [await freePort(), await freePort()]
    const dir = folder(t)
    chmodSync(dir, 0o777)
    const asPostgres = (command: string): string[] => [
      'postgres',
      '-s',
      '/bin/sh',
      '-c',
      `cd ${dir} && ${postgresFolder()}/${command}`,
    ]
    execFileSync('su', asPostgres(`initdb -D ${dir}/data -A trust -N -U postgres`), { stdio: 'pipe' })
    execFileSync(
      'su',
      asPostgres(
        `pg_ctl -D ${dir}/data -w -l ${dir}/log -o '-p ${pgPort} -c listen_addresses=${ADDRESS} -c unix_socket_directories=${dir}' start`,
      ),
      { stdio: 'ignore' },
    )
    t.teardown(() => execFileSync('su', asPostgres(`pg_ctl -D ${dir}/data -m immediate stop`), { stdio: 'pipe' }))
    run(t, 'prometheus-postgres-exporter', [`--web.listen-address=${ADDRESS}:${port}`], {
      DATA_SOURCE_NAME: `postgresql://postgres@${ADDRESS}:${pgPort}/postgres?sslmode=disable`,
    })
    await eventually(async () => {
      if (!(await read(port)).includes('\npg_up 1')) throw new Error('PostgreSQL cannot be reached yet')
    })
    compare(t, {
      profile: 'postgres',
      page: await read(port),
      leftOut: [],
      elsewhere: /^pg_settings_/,
      sameValues: ['mode', 'state', 'collector'],
      coveredMin: 0.98,
    })
  },
)

void t.test('nginx', { skip: skipWithout('nginx', 'prometheus-nginx-exporter') }, async t => {
  const [nginxPort, port] = [await freePort(), await freePort()]
  const dir = folder(t)
  const config = path.join(dir, 'nginx.conf')
  writeFileSync(
    config,
    `daemon off; pid ${dir}/pid; error_log ${dir}/error.log; events {}
     http { access_log off; client_body_temp_path ${dir}/b; proxy_temp_path ${dir}/p; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
       server { listen ${ADDRESS}:${nginxPort}; location /stub_status { stub_status; } } }`,
  )
  run(t, 'nginx', ['-c', config])
  const url = `http://${ADDRESS}:${nginxPort}/stub_status`
  await eventually(() => fetch(url).then(answer => answer.text()))
  run(t, 'prometheus-nginx-exporter', [`-nginx.scrape-uri=${url}`, `-web.listen-address=${ADDRESS}:${port}`])
  compare(t, { profile: 'nginx', page: await read(port), leftOut: [], sameValues: [], coveredMin: 0.98 })
})

function postgresFolder(): string | undefined {
  const initdb = findProgram('initdb', {
    PATH: Array.from({ length: 9 }, (_, i) => `/usr/lib/postgresql/${11 + i}/bin`).join(':'),
  })
  return initdb === undefined ? undefined : path.dirname(initdb)
}

function folder(t: Test): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'churnbench-exporter-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

function run(
  t: Test,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } })
  const ended = new Promise(resolve => child.once('exit', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return child
}

function read(port: number): Promise<string> {
  return eventually(async () => (await fetch(`http://${ADDRESS}:${port}/metrics`)).text())
}

/** A program of others says by nothing else that it is ready. */
async function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  const deadline = Date.now() + READY_MS_MAX
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await pause(30)
    }
  }
}
