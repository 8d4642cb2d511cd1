import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const PROGRAM = fileURLToPath(new URL('../../scraper/main.js', import.meta.url))

/** The program as a child, and its lines as they come. */
class Program {
  readonly lines: string[] = []
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  readonly #waiting: { readonly pattern: RegExp; readonly found: (line: string) => void; readonly from: number }[] = []

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      createInterface(stream).on('line', line => {
        this.lines.push(line)
        for (const { pattern, found } of this.#waiting) if (pattern.test(line)) found(line)
      })
    }
    this.ended = once(this.#child, 'close').then(([code]) => code as number | null)
  }

  /** The next line that matches; fails when the program ends before. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    const known = this.lines.slice(from).find(line => pattern.test(line))
    if (known !== undefined) return known
    const found = new Promise<string>(resolve => this.#waiting.push({ pattern, found: resolve, from }))
    const early = this.ended.then(code => {
      throw new Error(`ended with ${code} before ${pattern}:\n${this.lines.join('\n')}`)
    })
    return Promise.race([found, early])
  }

  /** Its address, once it is ready. */
  async ready(): Promise<string> {
    const line = await this.line(/Server is ready to receive web requests/)
    return /address=(\S+)/.exec(line)![1]!
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

/** A target that counts its scrapes: the value of its counter is the number of the scrape. */
async function startTarget(): Promise<{ server: Server; address: string; scraped: (times: number) => Promise<void> }> {
  let scrapes = 0
  const waiting: { readonly times: number; readonly done: () => void }[] = []
  const server = createServer((_request, response) => {
    scrapes++
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    response.end(`# TYPE hits_total counter\nhits_total{path="/a"} ${scrapes}\ntemperature 21.5\n`)
    for (const { times, done } of waiting) if (scrapes >= times) done()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const scraped = (times: number): Promise<void> =>
    scrapes >= times ? Promise.resolve() : new Promise(done => waiting.push({ times, done }))
  return { server, address: `127.0.0.1:${port}`, scraped }
}

function configOf(targets: readonly string[], job = 'node'): string {
  const list = targets.map(target => `'${target}'`).join(', ')
  return `global:
  scrape_interval: 500ms
  scrape_timeout: 500ms
scrape_configs:
  - job_name: ${job}
    static_configs:
      - targets: [${list}]
        labels: {zone: north}
`
}

async function query(base: string, expression: string): Promise<any[]> {
  const response = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(expression)}`)
  const body = (await response.json()) as any
  if (body.status !== 'success') throw new Error(JSON.stringify(body))
  return body.data.result
}

/** Asks again until the answer is as wanted; between two questions the program gets its turn by being asked. */
async function until(base: string, expression: string, wanted: (result: any[]) => boolean): Promise<any[]> {
  for (;;) {
    const result = await query(base, expression)
    if (wanted(result)) return result
  }
}

void t.test('scrapes a target, answers queries, reloads, stops in order and remembers', async t => {
  const dir = t.testdir()
  const configFile = path.join(dir, 'prometheus.yml')
  const target = await startTarget()
  t.teardown(() => target.server.close())
  writeFileSync(configFile, configOf([target.address]))
  const args = [
    `--config.file=${configFile}`,
    '--storage.tsdb.path',
    path.join(dir, 'data'),
    '--web.listen-address=127.0.0.1:0',
  ]

  const first = new Program(args)
  const base = await first.ready()
  t.match(base, /^http:\/\/127\.0\.0\.1:\d+$/)
  t.equal((await fetch(`${base}/-/ready`)).status, 200)
  await target.scraped(3)
  const labels = { job: 'node', instance: target.address, zone: 'north' }
  const [up] = await until(base, 'up', result => result[0]?.value[1] === '1')
  t.same(up.metric, { __name__: 'up', ...labels })
  const [hits] = await until(base, 'count_over_time(hits_total[1m]) >= 3', result => result.length === 1)
  t.same(hits.metric, { ...labels, path: '/a' })
  const [series] = await query(base, 'hits_total[1m]')
  t.same(
    series.values.map(([, value]: [number, string]) => value),
    series.values.map((_: unknown, i: number) => String(i + 1)),
    'every scrape is stored, once and in order',
  )
  t.same(await (await fetch(`${base}/api/v1/label/__name__/values?match[]={path="/a"}`)).json(), {
    status: 'success',
    data: ['hits_total'],
  })
  const metrics = await (await fetch(`${base}/metrics`)).text()
  t.match(metrics, /\nprometheus_tsdb_head_series 7\n/)
  t.match(metrics, /\nprometheus_target_scrape_pool_targets\{scrape_job="node"\} 1\n/)

  writeFileSync(configFile, configOf([target.address], 'renamed'))
  first.signal('SIGHUP')
  await first.line(/configuration reloaded/)
  await until(base, 'up{job="renamed"} == 1', result => result.length === 1)
  await until(base, 'up{job="node"}', result => result.length === 0)
  writeFileSync(configFile, 'scrape_configs: 7\n')
  first.signal('SIGHUP')
  await first.line(/the configuration was refused/)
  t.equal((await query(base, 'up == 1')).length, 1, 'the old one stays in force')
  writeFileSync(configFile, configOf([]))

  const before = await query(base, 'count_over_time(hits_total{job="node"}[5m])')
  first.signal('SIGTERM')
  t.equal(await first.ended, 0)
  t.match(first.lines.at(-1), /msg=stopped$/)

  const second = new Program(args)
  const again = await second.ready()
  t.same(
    (await query(again, 'count_over_time(hits_total{job="node"}[5m])')).map(({ value }) => value[1]),
    before.map(({ value }) => value[1]),
    'what was stored is there after a restart',
  )
  second.signal('SIGINT')
  t.equal(await second.ended, 0)
})

void t.test('what it cannot start with is told in plain lines, with exit code 2', async t => {
  const dir = t.testdir({
    'good.yml': configOf([]),
    'bad.yml': 'global: {scrape_interval: soon}\nscrape_configs:\n  - job_nam: x\n',
  })
  const good = `--config.file=${path.join(dir, 'good.yml')}`
  const data = `--storage.tsdb.path=${path.join(dir, 'data')}`
  const port = '--web.listen-address=127.0.0.1:0'
  const taken = createServer().listen(0, '127.0.0.1')
  t.teardown(() => taken.close())
  await once(taken, 'listening')
  const takenPort = (taken.address() as AddressInfo).port

  const running = new Program([good, data, port])
  await running.ready()
  const cases: [string, string[], RegExp[]][] = [
    ['an unknown flag', ['--storage.tsbd.path=x'], [/unknown option '--storage.tsbd.path=x'/, /Did you mean/]],
    ['a bad value', ['--query.timeout=soon'], [/--query.timeout.*'soon' is invalid/]],
    ['a missing file', [`--config.file=${dir}/none.yml`], [/cannot read the configuration file .*none\.yml: ENOENT/]],
    ['a bad configuration', [`--config.file=${dir}/bad.yml`], [/^line 1: .*scrape_interval/, /job_name/, /job_nam\b/]],
    [
      'a port in use',
      [good, data, `--web.listen-address=127.0.0.1:${takenPort}`],
      [new RegExp(`^127\\.0\\.0\\.1:${takenPort} is in use by another process`)],
    ],
    ['a data directory in use', [good, data, port], [/the data directory is in use by another process/]],
  ]
  for (const [what, args, lines] of cases) {
    const program = new Program(args)
    t.equal(await program.ended, 2, what)
    t.equal(program.lines.length, lines.length, program.lines.join('\n'))
    for (const [i, pattern] of lines.entries()) t.match(program.lines[i], pattern, what)
  }
  running.signal('SIGTERM')
  t.equal(await running.ended, 0)

  const help = new Program(['--help'])
  t.equal(await help.ended, 0)
  t.match(help.lines.join('\n'), /--storage\.tsdb\.retention\.time <duration>/)
})
