import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import t from 'tap'
import { findPrograms } from '../../harness/peers/find-program.ts'
import { renderInspectHtml } from '../../harness/index.ts'
import { historiesOf, renderHtml, renderTrendHtml } from '../../reports/index.ts'
import { inspectTrace, TraceReader } from '../../sim/index.ts'
import { simulatedChurn, writeTrace } from '../sim/trace/inspect/simulated-trace.ts'
import { sampleAb, sampleCapacity } from './sample-comparison.ts'
import { sampleReport } from './sample-report.ts'

const [executablePath] = findPrograms(['chromium', 'chromium-browser', 'google-chrome'])
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

async function tracePage(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'churnbench-html-trace-'))
  try {
    const path = join(folder, 'trace.jsonl')
    await writeTrace(path, simulatedChurn({ durationMs: 300_000 }), 300_000)
    return renderInspectHtml(await inspectTrace(await TraceReader.open(path)), { name: path }, { top: 10 })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const report = sampleAb({ blocks: 4, pods: 40 })
const PAGES = {
  'a comparison': renderHtml(report),
  'a run': renderHtml(sampleReport({ pods: 40 })),
  'a search': renderHtml(sampleCapacity()),
  'a trend': renderTrendHtml(historiesOf([{ file: 'report.json', report }]), {
    reports: [{ file: 'report.json', report }],
    skipped: [],
  }),
  'a trace': await tracePage(),
}

t.test('pages in a real browser', { skip: executablePath === undefined ? 'no Chromium here' : false }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'churnbench-html-'))
  const browser = await chromium.launch({ executablePath: executablePath!, args: ARGS })
  t.teardown(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  await t.test('nothing is complained of and nothing is asked for', async t => {
    for (const [name, html] of Object.entries(PAGES)) {
      for (const width of [1360, 400]) {
        const { page, complaints, close } = await open(browser, folder, html, { viewport: { width, height: 900 } })
        t.same(complaints, [], `${name}, ${width} px wide`)
        const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        t.equal(over, 0, `${name} is not wider than ${width} px`)
        await close()
      }
    }
  })

  await t.test('time lines come to life, and can be looked into', async t => {
    const { page, close } = await open(browser, folder, PAGES['a comparison'])
    const charts = await page.locator('.live canvas').count()
    t.equal(charts, await page.locator('[data-live]').count(), 'one for each time line')
    t.ok(charts > 3)
    t.notOk(await page.locator('[data-live] > svg').first().isVisible(), 'in the place of the static one')
    const reset = page.locator('#time-reset')
    t.ok(await reset.isDisabled(), 'the whole run is shown')
    const plot = page.locator('.live .u-over').first()
    await plot.scrollIntoViewIfNeeded()
    const box = (await plot.boundingBox())!
    await page.mouse.move(box.x + box.width * 0.3, box.y + 50)
    t.match(await page.locator('#time-at').textContent(), /^\d+(\.\d)? s · after “/, 'what was done before the cursor')
    const legends = await page.locator('.live .u-legend .u-series:first-child .u-value').allTextContents()
    t.equal(new Set(legends).size, 1, 'one cursor through all charts')
    t.match(legends[0], /^\d/)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 })
    await page.mouse.up()
    t.notOk(await reset.isDisabled(), 'zoomed')
    await page.locator('.live').nth(1).focus()
    await page.keyboard.press('0')
    t.ok(await reset.isDisabled(), 'and back, by key')
    await page.keyboard.press('+')
    t.notOk(await reset.isDisabled())
    await reset.click()
    t.ok(await reset.isDisabled())
    const choice = page.locator('#time-controls select').first()
    t.equal(await choice.locator('option').count(), 4, 'each trial of the arm can be chosen')
    const before = await canvasOf(page)
    const shown = await choice.inputValue()
    await choice.selectOption(shown === '0' ? '1' : '0')
    t.not(await canvasOf(page), before, 'another trial is another line')
    await close()
  })

  await t.test('without scripts, and on paper, the static figures are there', async t => {
    const still = await open(browser, folder, PAGES['a comparison'], { javaScriptEnabled: false })
    t.ok(await still.page.locator('[data-live] > svg').first().isVisible())
    t.equal(await still.page.locator('canvas').count(), 0)
    t.notOk(await still.page.locator('#time-controls').isVisible(), 'no controls that would do nothing')
    await still.close()
    const paper = await open(browser, folder, PAGES['a comparison'], { colorScheme: 'dark' })
    await paper.page.emulateMedia({ media: 'print' })
    t.ok(await paper.page.locator('[data-live] > svg').first().isVisible())
    t.notOk(await paper.page.locator('.live').first().isVisible())
    t.equal(await background(paper.page), 'rgb(255, 255, 255)', 'paper is white')
    await paper.close()
  })

  await t.test('light and dark, also when it changes while the page is open', async t => {
    const { page, complaints, close } = await open(browser, folder, PAGES['a run'], { colorScheme: 'light' })
    const [light, drawnLight] = [await background(page), await canvasOf(page)]
    await page.emulateMedia({ colorScheme: 'dark' })
    t.not(await background(page), light)
    await page.locator('.live canvas').first().waitFor()
    t.not(await canvasOf(page), drawnLight, 'the charts follow')
    t.equal(await page.locator('.live canvas').count(), await page.locator('[data-live]').count(), 'none twice')
    t.same(complaints, [])
    await close()
  })

  await t.test('every text can be read: contrast of at least 4.5 to 1, in light and dark', async t => {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [name, html] of Object.entries(PAGES)) {
        const { page, close } = await open(browser, folder, html, { colorScheme })
        t.same(await page.evaluate(FAINT_TEXTS), [], `${name}, ${colorScheme}`)
        await close()
      }
    }
  })
})

/** Runs in the page: texts whose colour is too near that of the ground behind them. */
const FAINT_TEXTS = `(() => {
  const parse = text => (text.match(/[\\d.]+/g) ?? []).map(Number)
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
  const groundOf = node => {
    for (let at = node; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor)
      if (color.length === 3 || color[3] === 1) return color
    }
    return [255, 255, 255]
  }
  const faint = new Set()
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement
    if (walk.currentNode.data.trim() === '' || !node.checkVisibility() || node.closest('script,style,title,desc,button:disabled')) continue
    const style = getComputedStyle(node)
    const [a, b] = [light(parse(node.closest('svg') ? style.fill : style.color)), light(groundOf(node))].sort((x, y) => y - x)
    const contrast = (a + 0.05) / (b + 0.05)
    if (contrast < 4.5) faint.add(contrast.toFixed(2) + ' ' + node.tagName + '.' + (node.getAttribute('class') ?? '') + ' ' + walk.currentNode.data.trim().slice(0, 30))
  }
  return [...faint]
})()`

async function open(browser: Browser, folder: string, html: string, options: BrowserContextOptions = {}) {
  const file = join(folder, 'page.html')
  writeFileSync(file, html)
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', request => {
    if (request.url() !== pathToFileURL(file).href) complaints.push(`asked for ${request.url()}`)
  })
  await page.goto(pathToFileURL(file).href)
  return { page, complaints, close: () => context.close() }
}

/** A digest of what all charts show. */
async function canvasOf(page: Page): Promise<string> {
  const images = await page.evaluate<string[]>(
    "[...document.querySelectorAll('.live canvas')].map(one => one.toDataURL())",
  )
  return createHash('sha256').update(images.join()).digest('hex')
}

function background(page: Page): Promise<string> {
  return page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
}
