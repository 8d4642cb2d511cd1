import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import { SystemClock, VirtualClock } from '../../../base/index.ts'
import { Board } from '../../../harness/ui/board.ts'
import { Control } from '../../../harness/ui/control.ts'
import { Feed } from '../../../harness/ui/feed.ts'
import { serveUi, type UiServer } from '../../../harness/ui/server.ts'
import type { Update } from '../../../harness/ui/wire.ts'
import { ACTIONS } from '../../../sim/index.ts'
import { comes, places } from './story.ts'

const clock = new SystemClock({ unref: true })

interface Stage {
  readonly board: Board
  readonly feed: Feed
  readonly server: UiServer
  readonly port: number
}

async function stage(
  t: { teardown(fn: () => unknown): void },
  options: { readonly control?: Control; readonly report?: string } = {},
): Promise<Stage> {
  const board = new Board({
    title: { scenario: 's', description: '<b>', facts: '', durationMs: null, settleMs: 0 },
    places: places(2),
    from: 'pod-addressed',
    nowMs: () => 0,
  })
  const feed = new Feed(clock, board, { intervalMs: 5 })
  const server = await serveUi(clock, {
    port: 0,
    feed,
    ...(options.control === undefined ? {} : { control: options.control }),
    report: () => options.report,
  })
  t.teardown(() => server.close())
  return { board, feed, server, port: Number(new URL(server.url).port) }
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

function ask(
  port: number,
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** An open stream of events. */
class Listener {
  readonly messages: { readonly id: string; readonly update: Update }[] = []
  readonly closed: Promise<void>
  #wake: () => void = () => {}
  #text = ''
  readonly #request

  constructor(port: number, lastEventId?: string) {
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
    this.#request = request({ host: '127.0.0.1', port, path: '/events', headers })
    this.closed = new Promise(resolve => {
      this.#request.on('error', () => resolve())
      this.#request.on('response', response => {
        response.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk))
        response.on('error', () => {})
        response.on('close', () => resolve())
      })
    })
    this.#request.end()
  }

  /** Waits until there are that many messages. */
  async until(n: number): Promise<void> {
    while (this.messages.length < n) await new Promise<void>(resolve => (this.#wake = resolve))
  }

  leave(): void {
    this.#request.destroy()
  }

  #take(chunk: string): void {
    this.#text += chunk
    const blocks = this.#text.split('\n\n')
    this.#text = blocks.pop()!
    for (const block of blocks) {
      const [, id, data] = /^id: (\S+)\ndata: (.*)$/.exec(block) ?? []
      if (data !== undefined) this.messages.push({ id: id!, update: JSON.parse(data) as Update })
    }
    this.#wake()
  }
}

void t.test('the page and all it needs come from here, with a policy that lets nothing else in', async t => {
  const { port } = await stage(t)
  const page = await ask(port, '/')
  t.equal(page.status, 200)
  t.match(page.headers['content-type'], /text\/html/)
  const policy = String(page.headers['content-security-policy'])
  t.match(policy, /default-src 'none'/)
  t.match(policy, /script-src 'self';/)
  t.match(policy, /frame-ancestors 'none'/)
  t.equal(page.headers['x-content-type-options'], 'nosniff')
  t.notMatch(page.text, /https?:\/\//, 'no resource from elsewhere')
  const links = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path!)
  t.ok(links.length >= 5)
  for (const path of [...new Set(links), '/wire.js', '/row-ring.js', '/page/map.js']) {
    const { status, headers, text } = await ask(port, path)
    t.equal(status, 200, path)
    t.ok(text.length > 100, path)
    if (path.endsWith('.js')) t.match(headers['content-type'], /javascript/)
  }
  // What modules import is served as well.
  for (const path of ['/page/main.js', '/page/map.js', '/page/charts.js', '/page/page-state.js']) {
    for (const [, target] of (await ask(port, path)).text.matchAll(/from '([^']+)'/g)) {
      t.equal((await ask(port, new URL(target!, `http://x${path}`).pathname)).status, 200, `${path} imports ${target}`)
    }
  }
  for (const path of ['/nothing', '/page/../server.js', '/server.js', '/page/%2e%2e/server.js', '/actions']) {
    t.equal((await ask(port, path)).status, 404, path)
  }
})

void t.test('only GET, only for this machine by its own names, and not for scripts of other sites', async t => {
  const { port } = await stage(t)
  for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']) {
    for (const path of ['/', '/events', '/actions'])
      t.equal((await ask(port, path, { method })).status, 405, `${method} ${path}`)
  }
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1:${port + 1}`]) {
    for (const path of ['/', '/events', '/style.css']) {
      const answer = await ask(port, path, { headers: { host } })
      t.ok(answer.status === 403 || answer.status === 400, `host "${host}" ${path}: ${answer.status}`)
    }
  }
  t.equal((await ask(port, '/', { headers: { host: `localhost:${port}` } })).status, 200)
  const cross = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }
  t.equal((await ask(port, '/style.css', { headers: cross })).status, 403)
  t.equal(
    (await ask(port, '/', { headers: { ...cross, 'sec-fetch-mode': 'navigate' } })).status,
    200,
    'a link may lead here',
  )
})

void t.test('a taken port is one sentence, and exit 2', async t => {
  const { port, feed } = await stage(t)
  await t.rejects(serveUi(clock, { port, feed }), {
    code: 'CHURN_UI_PORT',
    exitCode: 2,
    message: new RegExp(`port ${port} .*--ui`),
  })
})

void t.test('events: everything, changes, and what was missed after a break', async t => {
  const { port, board, feed } = await stage(t)
  board.apply(comes(0, 0, 'node-0'))
  const first = new Listener(port)
  await first.until(1)
  t.match(first.messages[0]!.update, { reset: { description: '<b>' }, pods: [[0, 'uid-0']] })
  board.log('note', 'one')
  await first.until(2)
  first.leave()
  await first.closed
  board.log('note', 'two')
  feed.flush()
  const again = new Listener(port, first.messages.at(-1)!.id)
  await again.until(1)
  t.same(
    again.messages.map(({ update }) => [update.reset, update.log?.[0]?.text]),
    [[undefined, 'two']],
  )
  again.leave()
})

void t.test('a browser that reads nothing costs bounded memory, and is dropped', async t => {
  const board = new Board({
    title: { scenario: 's', description: '', facts: '', durationMs: null, settleMs: 0 },
    places: [],
    from: 'pod-addressed',
    nowMs: () => 0,
  })
  let written = 0
  let highestBacklog = 0
  const time = new VirtualClock()
  const feed = new Feed(time, board)
  const join = feed.join.bind(feed)
  feed.join = (sink, id) =>
    join(
      {
        write(chunk) {
          written += chunk.length
          sink.write(chunk)
          highestBacklog = Math.max(highestBacklog, sink.backlogBytes)
        },
        get backlogBytes() {
          return sink.backlogBytes
        },
        destroy: () => sink.destroy(),
      },
      id,
    )
  const server = await serveUi(clock, { port: 0, feed })
  t.teardown(() => server.close())
  const port = Number(new URL(server.url).port)
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const gone = new Promise<void>(resolve => socket.once('close', () => resolve()))
  socket.write(`GET /events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`)
  socket.pause()
  while (feed.listeners === 0) await new Promise(resolve => setImmediate(resolve))
  const chunk = 'x'.repeat(256 * 1024)
  let rounds = 0
  // The kernel takes some megabytes of its own; what is beyond waits here, and there it ends.
  while (feed.listeners > 0 && rounds++ < 1000) {
    board.log('note', chunk)
    time.advance(250)
    await new Promise(resolve => setImmediate(resolve))
  }
  t.equal(feed.listeners, 0, 'dropped')
  t.ok(highestBacklog < 2 * 1024 * 1024, `at most ${highestBacklog} bytes waited, of ${written}`)
  socket.resume()
  await gone
})

void t.test('close comes at once, with browsers that read and browsers that do not', async t => {
  const { server, port, board, feed } = await stage(t)
  const reader = new Listener(port)
  await reader.until(1)
  const stuck = connect(port, '127.0.0.1')
  stuck.on('error', () => {})
  stuck.write(`GET /events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`)
  stuck.pause()
  while (feed.listeners < 2) await new Promise(resolve => setImmediate(resolve))
  const idle = connect(port, '127.0.0.1')
  idle.on('error', () => {})
  await new Promise(resolve => idle.once('connect', resolve))
  board.conclude({
    status: 'pass',
    exitCode: 0,
    reasons: [],
    reportPath: 'r',
    reportHtml: 'x'.repeat(12_000_000),
    isServed: false,
  })
  await reader.until(2)
  t.equal(reader.messages[1]!.update.verdict?.reportHtml.length, 12_000_000)
  t.ok(feed.isDraining, 'one of them has not taken it')
  const before = process.hrtime.bigint()
  await server.close()
  const tookMs = Number(process.hrtime.bigint() - before) / 1e6
  t.ok(tookMs < 2000, `took ${tookMs} ms`)
  await reader.closed
  await t.rejects(ask(port, '/'), { code: 'ECONNREFUSED' })
  stuck.destroy()
  idle.destroy()
})

void t.test('the report: not before there is one, and then with its own policy', async t => {
  const without = await stage(t)
  t.equal((await ask(without.port, '/report.html')).status, 404)
  const { port } = await stage(t, { report: '<!doctype html><p>report' })
  const answer = await ask(port, '/report.html')
  t.match(answer, { status: 200, text: '<!doctype html><p>report' })
  t.equal(answer.headers['content-security-policy'], undefined)
})

void t.test('actions: only with the token of this page, only what is registered, all faults at once', async t => {
  const performed: [string, unknown][] = []
  const control = new Control({
    actions: ACTIONS,
    workloads: ['shop/cart'],
    perform: async (action, args) => {
      performed.push([action, args])
      return args.replicas === 404 ? { ok: false, detail: 'not found' } : { ok: true, detail: `did ${action}` }
    },
  })
  const { port } = await stage(t, { control })
  const boot = JSON.parse(/id="boot">(.*?)<\/script>/.exec((await ask(port, '/')).text)![1]!) as {
    control: ReturnType<Control['form']>
  }
  t.same(
    boot.control.actions.map(({ name }) => name),
    ACTIONS.map(({ name }) => name),
    'every registered action is offered',
  )
  const { token } = boot.control
  const post = (body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    ask(port, '/actions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-churnbench-token': token, ...headers },
      body: JSON.stringify(body),
    })
  const scale = { action: 'scale', args: { workload: 'shop/cart', replicas: 3 } }
  t.match(await post(scale), { status: 200, text: '{"ok":true,"detail":"did scale"}' })
  t.same(performed, [['scale', { workload: 'shop/cart', replicas: 3 }]])
  t.equal((await post({ ...scale, args: { ...scale.args, replicas: 404 } })).status, 409, 'what the cluster refuses')
  performed.length = 0
  for (const headers of [
    { 'x-churnbench-token': '' },
    { 'x-churnbench-token': 'x'.repeat(token.length) },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site' },
    { host: 'evil.example' },
  ]) {
    t.equal((await post(scale, headers as unknown as Record<string, string>)).status, 403, JSON.stringify(headers))
  }
  const faulty = await post({ action: 'scale', args: { replicas: 'many', x: 1 } })
  t.equal(faulty.status, 400)
  for (const word of ['workload: is missing', 'replicas: must be a number', 'x: "scale" takes no such argument'])
    t.ok(faulty.text.includes(JSON.stringify(word).slice(1, -1)), word)
  t.match(await post({ action: 'drop-tables' }), { status: 400, text: /unknown action/ })
  t.equal((await post(null)).status, 400)
  t.equal(
    (
      await ask(port, '/actions', {
        method: 'POST',
        headers: { 'content-type': 'text/plain', 'x-churnbench-token': token },
        body: JSON.stringify(scale),
      })
    ).status,
    400,
  )
  t.same(performed, [], 'none of these was performed')
})
