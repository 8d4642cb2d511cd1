import { type Browser, chromium, type Page } from 'playwright-core'
import t from 'tap'
import { SystemClock } from '../../../base/index.ts'
import { findPrograms } from '../../../harness/peers/find-program.ts'
import { Board } from '../../../harness/ui/board.ts'
import { Control } from '../../../harness/ui/control.ts'
import { Feed } from '../../../harness/ui/feed.ts'
import { serveUi } from '../../../harness/ui/server.ts'
import { ACTIONS } from '../../../sim/index.ts'
import { at, busyCluster, comes, places, Seen } from './story.ts'

const program = findPrograms(['chromium', 'chromium-browser', 'google-chrome'])[0]
const skip = program === undefined && 'no Chromium on this machine: npm run peers -- --install brings one'
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

let browser: Browser | undefined
t.teardown(() => browser?.close())

interface Open {
  readonly page: Page
  /** What the browser complained of, and what it asked of anybody else. */
  readonly complaints: string[]
}

async function open(url: string, colorScheme: 'light' | 'dark' = 'light', width = 1280): Promise<Open> {
  browser ??= await chromium.launch({ executablePath: program!, args: ARGS })
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
  const complaints: string[] = []
  page.on('console', message => {
    // That pixels are read is our doing.
    const isOurs = message.text().includes('willReadFrequently')
    if (['error', 'warning'].includes(message.type()) && !isOurs) complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('request', request => {
    if (!request.url().startsWith(url) && !request.url().startsWith('blob:')) complaints.push(`asked ${request.url()}`)
  })
  page.on('response', response => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`)
  })
  await page.goto(url)
  return { page, complaints }
}

function stage(nodes: number, options: { readonly alone?: boolean; readonly control?: Control } = {}) {
  const clock = new SystemClock({ unref: true })
  let nowMs = 0
  const board = new Board({
    title: {
      scenario: 'rollout',
      description: 'a <b>bold</b> question',
      ...(options.alone === true ? {} : { subject: 'embedded' }),
      facts: 'seed 1',
      durationMs: options.alone === true ? null : 100_000,
      settleMs: 20_000,
    },
    places: places(nodes),
    from: 'pod-addressed',
    nowMs: () => nowMs,
  })
  const seen = new Seen()
  board.witnessedBy(seen)
  board.phase = 'churn'
  const feed = new Feed(clock, board, { intervalMs: 20 })
  const serve = () =>
    serveUi(clock, { port: 0, feed, ...(options.control === undefined ? {} : { control: options.control }) })
  return { board, seen, feed, serve, setNow: (ms: number) => (nowMs = ms) }
}

/** Runs in the page: how many pixels of the map have the colour of a state. As text, for the tests know no DOM. */
const PIXELS = `(state => {
  const probe = document.createElement('i')
  probe.style.color = 'var(--pod-' + state + ')'
  document.body.append(probe)
  const wanted = getComputedStyle(probe).color.match(/[0-9]+/g).map(Number)
  probe.remove()
  const canvas = document.querySelector('#map')
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  let found = 0
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] === wanted[0] && data[i + 1] === wanted[1] && data[i + 2] === wanted[2]) found++
  }
  return found
})`

const pixels = (page: Page, state: string): Promise<number> => page.evaluate<number>(`${PIXELS}('${state}')`)

/** Waits until a state is painted, on at least so many pixels. */
async function untilPainted(page: Page, state: string, least = 50): Promise<void> {
  while ((await pixels(page, state)) < least) await page.evaluate('new Promise(requestAnimationFrame)')
}

async function untilText(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor()
}

void t.test(
  'in a real browser: cells appear, change colour and go; nothing is asked of anybody else',
  { skip },
  async t => {
    const { board, seen, serve, setNow } = stage(3)
    const server = await serve()
    t.teardown(() => server.close())
    const { page, complaints } = await open(server.url)
    await untilText(page, '#scenario', 'rollout against embedded')
    t.equal(await page.locator('#description').textContent(), 'a <b>bold</b> question', 'text is text')
    const [opened, ...rest] = comes(1000, 0, 'node-0')
    board.apply([opened!])
    await untilText(page, '#legend', '1 starting')
    board.apply(rest)
    await untilText(page, '#legend', '1 ready, not scraped yet')
    await untilPainted(page, 'waiting')
    const waiting = await pixels(page, 'waiting')
    t.ok(waiting > 100, `${waiting} pixels`)
    t.equal(await pixels(page, 'visible'), 0)
    seen.scraped.set(0, 1190)
    seen.visible.set('uid-0', 1250)
    await untilText(page, '#legend', '1 scraped and queryable')
    await untilPainted(page, 'visible')
    t.equal(await pixels(page, 'visible'), waiting, 'the same cell in another colour')
    t.equal(await pixels(page, 'waiting'), 0)
    await untilText(page, '#tiles', /Discovery p50\s*90 ms/)
    board.apply([at(2000, { type: 'node-silent', node: 'node-0' })])
    await untilText(page, '#legend', '1 does not answer')
    await untilText(page, '#log', 'node-0 does not answer any more')
    board.apply([at(2500, { type: 'node-answering', node: 'node-0' })])

    setNow(3000)
    await page.locator('#map').focus()
    await page.keyboard.press('ArrowRight')
    await untilText(page, '#details', 'shop/cart-0')
    await untilText(page, '#details', /discovery latency\s*90 ms/)
    await untilText(page, '#details', /visibility latency\s*150 ms/)
    await page.keyboard.press('Escape')
    t.equal(await page.locator('#details').isVisible(), false)
    await page.locator('#map').click({ position: { x: 14, y: 48 } })
    await untilText(page, '#details', 'shop/cart-0')
    await page.locator('.nodes summary').click()
    await untilText(page, '#nodes', 'node-2')

    board.apply([at(3000, { type: 'pod-terminating', uid: 'uid-0' }), at(3500, { type: 'pod-deleted', uid: 'uid-0' })])
    await untilText(page, '#details', 'gone')
    await untilText(page, '#legend', '0 scraped and queryable')

    board.conclude({
      status: 'pass',
      exitCode: 0,
      reasons: ['all thresholds passed'],
      reportPath: '/somewhere/report.html',
      reportHtml: '<!doctype html><title>r</title><p>the report itself',
      isServed: false,
    })
    await untilText(page, '#verdict', 'pass (exit code 0)')
    await server.close()
    await untilText(page, '#link', 'the run is over; this page keeps what it showed')
    const [popup] = await Promise.all([page.context().waitForEvent('page'), page.locator('#verdict a').click()])
    await untilText(popup, 'p', 'the report itself')
    await popup.close()
    t.same(
      // The browser tells of the connection that ended with the server, as it should.
      complaints.filter(text => !/ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)/.test(text)),
      [],
    )
    await page.close()
  },
)

void t.test('a late joiner sees the whole story; a lost connection is resumed; dark and narrow', { skip }, async t => {
  const { board, seen, feed, serve, setNow } = stage(12)
  const server = await serve()
  t.teardown(() => server.close())
  board.apply(busyCluster(12, 200, seen))
  for (let s = 1; s <= 75; s++) {
    board.second({ atS: s, pods: s, scraped: s, visible: s, samplesPerSecond: 9 * s, cpuCores: 0.5, rssBytes: 1e8 })
  }
  setNow(75_000)
  const { page, complaints } = await open(server.url)
  await untilText(page, '#log', 'scale cart to 10')
  t.equal(await page.locator('#log li').count(), 10)
  t.match(await page.locator('#log li').first().textContent(), /node-1 is found not ready/, 'newest first')
  await untilText(page, '#phase', 'churn · 1:15 of 2:00')
  t.equal(await page.locator('#bar').getAttribute('aria-valuenow'), '63')
  t.equal(await page.locator('.uplot').count(), 6)
  await untilText(page, '#charts', /ready 75/)
  for (const state of ['waiting', 'scraped', 'visible', 'terminating', 'silent']) await untilPainted(page, state)
  t.equal(feed.listeners, 1)

  const { page: dark, complaints: ofDark } = await open(server.url, 'dark', 420)
  await untilText(dark, '#log', 'scale cart to 10')
  const ground = (of: Page): Promise<string> => of.evaluate<string>('getComputedStyle(document.body).backgroundColor')
  t.not(await ground(dark), await ground(page))
  t.ok(
    await dark.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth'),
    'nothing reaches out of a narrow page',
  )
  await dark.emulateMedia({ colorScheme: 'light' })
  await untilPainted(dark, 'visible')
  t.equal(await ground(dark), await ground(page), 'painted anew in the colours of the other scheme')
  t.same([...complaints, ...ofDark], [])
  t.equal(feed.listeners, 2)

  // Broken from here: the browser comes back by itself, with the id it saw last.
  server.app.server.closeAllConnections()
  board.log('note', 'while it was away')
  await untilText(page, '#log', 'while it was away')
  t.equal(await page.locator('#log li').count(), 11)
  await page.close()
  await dark.close()
})

void t.test('ten thousand pods: a frame stays short', { skip }, async t => {
  const { board, seen, serve } = stage(100)
  const server = await serve()
  t.teardown(() => server.close())
  board.apply(busyCluster(100, 10_000, seen))
  const { page, complaints } = await open(server.url)
  await untilText(page, '#legend', /8,\d+ scraped and queryable/)
  await untilPainted(page, 'visible', 10_000)
  await page.locator('#map').hover({ position: { x: 20, y: 60 } })
  await page.locator('#tip').waitFor()
  t.same(complaints, [])
  await page.close()
})

void t.test('the control page: a form per registered action; what is done is told', { skip }, async t => {
  const performed: unknown[] = []
  const control = new Control({
    actions: ACTIONS,
    workloads: ['shop/cart', 'shop/frontend'],
    perform: async (action, args) => {
      performed.push([action, args])
      return args.replicas === 13
        ? { ok: false, detail: 'thirteen is refused' }
        : { ok: true, detail: 'scale cart to 5' }
    },
  })
  const { board, serve } = stage(3, { alone: true, control })
  const server = await serve()
  t.teardown(() => server.close())
  board.apply(comes(0, 0, 'node-0'))
  const { page, complaints } = await open(server.url)
  await untilText(page, '#legend', '1 ready')
  t.equal(await page.locator('#legend li:visible').count(), 5, 'nobody queries here')
  const form = page.locator('#control-form')
  t.equal(await form.locator('select[name=action] option').count(), ACTIONS.length)
  await form.locator('[name="arg:workload"]').selectOption('shop/cart')
  await form.locator('[name="arg:replicas"]').fill('5')
  await form.locator('button').click()
  await untilText(page, '#control-answer', '✓ scale cart to 5')
  await form.locator('[name="arg:replicas"]').fill('13')
  await form.locator('button').click()
  await untilText(page, '#control-answer', '✗ thirteen is refused')
  t.same(performed, [
    ['scale', { workload: 'shop/cart', replicas: 5 }],
    ['scale', { workload: 'shop/cart', replicas: 13 }],
  ])
  for (const { name, args } of ACTIONS) {
    await form.locator('select[name=action]').selectOption(name)
    for (const arg of args) t.equal(await form.locator(`[name="arg:${arg.name}"]`).count(), 1, `${name} ${arg.name}`)
  }
  await form.locator('select[name=action]').selectOption('fail-node')
  // The box of the second zone's node, beside its cells.
  const box = await page.locator('#map').boundingBox()
  await page.locator('#map').click({ position: { x: box!.width / 2, y: 30 } })
  t.equal(await form.locator('[name="arg:node"]').inputValue(), 'node-1', 'a click on a node chooses it')
  t.same(
    complaints.filter(text => !text.includes('409')),
    [],
    'but for what the cluster refused',
  )
  await page.close()
})
