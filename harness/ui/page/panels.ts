import { POD_STATES } from '../wire.ts'
import { byId, element, setText } from './dom.ts'
import { drawPod } from './glyph.ts'
import type { PageState, PodView } from './page-state.ts'
import { clock, count, seconds, STATE_WORDS } from './words.ts'

/** Title, progress and the figures at the top. */
export class Head {
  readonly #state: PageState
  readonly #tiles = new Map<
    string,
    { readonly box: HTMLElement; readonly big: HTMLElement; readonly sub: HTMLElement }
  >()

  constructor(state: PageState) {
    this.#state = state
  }

  update(): void {
    const { title, phase, atMs } = this.#state
    if (title === undefined) return
    setText(
      byId('scenario'),
      title.subject === undefined ? title.scenario : `${title.scenario} against ${title.subject}`,
    )
    setText(byId('description'), title.description)
    setText(byId('facts'), title.facts)
    document.title = title.durationMs === null ? 'churnbench cluster' : `${title.scenario} ${phase} – churnbench`
    this.#progress(
      title.durationMs === null ? null : title.durationMs + title.settleMs,
      phase === 'done' ? undefined : atMs,
    )
    this.#figures()
  }

  #progress(totalMs: number | null, atMs: number | undefined): void {
    const bar = byId('bar')
    const { phase } = this.#state
    bar.hidden = totalMs === null
    if (totalMs === null) {
      setText(byId('phase'), phase === 'starting' ? 'starting' : `up for ${clock(atMs ?? 0)}`)
      return
    }
    const ratio = atMs === undefined || phase === 'asking back' ? 1 : Math.min(1, atMs / totalMs)
    const percent = phase === 'starting' ? 0 : Math.round(ratio * 100)
    byId('fill').style.width = `${percent}%`
    bar.setAttribute('aria-valuenow', String(percent))
    const words = phase === 'starting' ? 'the subject gets ready' : phase
    const isTimed = phase === 'churn' || phase === 'settle'
    setText(byId('phase'), isTimed ? `${words} · ${clock(atMs ?? 0)} of ${clock(totalMs)}` : words)
  }

  #figures(): void {
    const { headline, rows, title } = this.#state
    if (headline === undefined) return
    const last = rows.rows.at(-1)
    this.#tile('Pods ready', count(headline.ready), `${count(headline.pods)} with an address`)
    if (title?.subject === undefined) {
      this.#tile('Scraped by somebody', count(headline.scraped), `${count(headline.waiting)} not yet`)
      this.#tile('Samples served', perSecond(last?.[4] ?? null), 'by all pods together')
      return
    }
    this.#tile('Discovered', count(headline.scraped), `${count(headline.waiting)} waiting`)
    this.#tile('Targets missed', count(headline.missed), 'gone without a scrape', headline.missed > 0)
    this.#tile('Discovery p50', seconds(headline.discoveryP50S), `p99 ${seconds(headline.discoveryP99S)}`)
    this.#tile('Visibility p50', seconds(headline.visibilityP50S), `p99 ${seconds(headline.visibilityP99S)}`)
    this.#tile('Samples served', perSecond(last?.[4] ?? null), `${count(headline.visible)} pods queryable`)
  }

  #tile(name: string, big: string, sub: string, isBad = false): void {
    let tile = this.#tiles.get(name)
    if (tile === undefined) {
      tile = { box: element('div'), big: element('dd', { class: 'big' }), sub: element('dd', { class: 'sub' }) }
      tile.box.append(element('dt', {}, name), tile.big, tile.sub)
      byId('tiles').append(tile.box)
      this.#tiles.set(name, tile)
    }
    setText(tile.big, big)
    setText(tile.sub, sub)
    tile.box.className = isBad ? 'bad' : ''
  }
}

function perSecond(value: number | null): string {
  return value === null ? '–' : `${count(value)}/s`
}

/** What the colours mean, and how many pods each stands for. */
export class Legend {
  readonly #state: PageState
  readonly #counts = new Map<string, { readonly item: HTMLElement; readonly value: HTMLElement }>()

  constructor(state: PageState) {
    this.#state = state
    this.repaint()
  }

  repaint(): void {
    const root = byId('legend')
    root.replaceChildren()
    for (const state of POD_STATES) {
      const swatch = element('canvas', { width: 28, height: 28, 'aria-hidden': 'true' })
      swatch.style.width = swatch.style.height = '14px'
      const paint = swatch.getContext('2d')
      if (paint !== null) drawPod(paint, state, 0, 0, 28)
      const value = element('b', {}, '0')
      const item = element('li', {}, swatch, value, ` ${STATE_WORDS[state]}`)
      root.append(item)
      this.#counts.set(state, { item, value })
    }
    this.update()
  }

  update(): void {
    const counts = this.#state.counts()
    const hasSubject = this.#state.title?.subject !== undefined
    for (const state of POD_STATES) {
      const entry = this.#counts.get(state)
      if (entry === undefined) continue
      setText(entry.value, count(counts[state]))
      // Nobody queries a cluster without a subject.
      entry.item.hidden = state === 'visible' && !hasSubject
    }
  }
}

/** All there is to know of the chosen pod. */
export class Details {
  readonly #root = byId('details')
  readonly #state: PageState
  readonly #onClose: () => void
  #shown = ''

  constructor(state: PageState, onClose: () => void) {
    this.#state = state
    this.#onClose = onClose
  }

  show(pod: PodView | undefined): void {
    this.#root.hidden = pod === undefined
    if (pod === undefined) {
      this.#shown = ''
      return
    }
    const isGone = this.#state.pods.get(pod.id) !== pod
    const { atMs, title } = this.#state
    const since = (ms: number | null): string => (ms === null ? 'not yet' : `at ${clock(ms)}, ${clock(atMs - ms)} ago`)
    const latency = (ms: number | null): string =>
      ms === null ? 'not yet' : pod.eligibleMs === null ? '–' : seconds((ms - pod.eligibleMs) / 1000)
    const facts: [string, string][] = [
      ['state', isGone ? 'gone' : STATE_WORDS[pod.state]],
      ['node', `${pod.node.name} (${pod.node.zone})`],
      ['workload', pod.app],
      ['address', pod.address],
      ['age', clock(atMs - pod.openedMs)],
      ['could be known', since(pod.eligibleMs)],
      ['ready', since(pod.readyMs)],
      ['discovery latency', latency(pod.scrapedMs)],
      ...(title?.subject === undefined ? [] : [['visibility latency', latency(pod.visibleMs)] as [string, string]]),
      ...(pod.terminatingMs === null ? [] : [['terminating', since(pod.terminatingMs)] as [string, string]]),
      ['uid', pod.uid],
    ]
    const text = JSON.stringify(facts)
    if (text === this.#shown) return
    this.#shown = text
    const close = element('button', { type: 'button', class: 'plain' }, 'close')
    close.addEventListener('click', this.#onClose)
    const list = element('dl')
    for (const [name, value] of facts)
      list.append(element('div', {}, element('dt', {}, name), element('dd', {}, value)))
    const heading = element('h3', {}, `${pod.namespace}/${pod.name}`)
    // Once a second is too often to be read out: only another pod, or another state, is news.
    this.#root.setAttribute('aria-live', this.#root.dataset.pod === `${pod.id} ${pod.state}` ? 'off' : 'polite')
    this.#root.dataset.pod = `${pod.id} ${pod.state}`
    this.#root.replaceChildren(element('div', { class: 'head' }, heading, close), list)
  }
}

/** The map for those who do not see it: nodes and how many of their pods are in which state. */
export class NodeTable {
  readonly #state: PageState
  readonly #table = byId('nodes', HTMLTableElement)
  readonly #fold = this.#table.closest('details')!

  constructor(state: PageState) {
    this.#state = state
    this.#fold.addEventListener('toggle', () => this.update())
  }

  update(): void {
    if (!this.#fold.open) return
    const head = element('tr', {}, element('th', { scope: 'col' }, 'node'), element('th', { scope: 'col' }, 'zone'))
    head.append(element('th', { scope: 'col' }, 'state'))
    for (const state of POD_STATES) head.append(element('th', { scope: 'col', class: 'n' }, state))
    const body = element('tbody')
    for (const node of this.#state.nodes.values()) {
      const row = element('tr', {}, element('th', { scope: 'row' }, node.name), element('td', {}, node.zone))
      row.append(element('td', {}, node.state))
      for (const state of POD_STATES) {
        const pods = node.cells.filter(pod => pod?.state === state).length
        row.append(element('td', { class: 'n' }, String(pods)))
      }
      body.append(row)
    }
    this.#table.replaceChildren(element('thead', {}, head), body)
  }
}

const SIGNS = { action: '▸', node: '✕', note: '·', warning: '!', fault: '✗' } as const

/** What happened, newest first. */
export class EventLog {
  readonly #state: PageState
  readonly #list = byId('log')
  #generation = -1
  #last: PageState['log'][number] | undefined

  constructor(state: PageState) {
    this.#state = state
  }

  update(): void {
    const { log, generation } = this.#state
    const isAnew = generation !== this.#generation
    // What came before one looked is not read out.
    this.#list.setAttribute('aria-busy', String(isAnew))
    if (isAnew) {
      this.#generation = generation
      this.#last = undefined
      this.#list.replaceChildren()
    }
    const from = this.#last === undefined ? 0 : log.lastIndexOf(this.#last) + 1
    for (const { atMs, kind, text } of log.slice(from)) {
      const sign = element('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[kind])
      const time = element('time', {}, clock(atMs))
      this.#list.prepend(element('li', { class: kind }, time, sign, element('span', { class: 'text' }, text)))
    }
    this.#last = log.at(-1)
    while (this.#list.children.length > log.length) this.#list.lastElementChild?.remove()
    this.#list.setAttribute('aria-busy', 'false')
  }
}

const VERDICT_CLASS: Readonly<Record<string, string>> = {
  pass: 'pass',
  improved: 'pass',
  unchanged: 'pass',
  fail: 'fail',
  failed: 'fail',
  regressed: 'fail',
  invalid: 'warn',
  inconclusive: 'warn',
}

/** How it ended, and where the report is. */
export function showVerdict(state: PageState): void {
  const { verdict } = state
  const root = byId('verdict')
  const key = verdict === undefined ? '' : `${verdict.status} ${verdict.exitCode} ${verdict.reportPath}`
  if (root.dataset.shown === key) return
  root.dataset.shown = key
  root.hidden = verdict === undefined
  root.replaceChildren()
  if (verdict === undefined) return
  root.className = `verdict ${VERDICT_CLASS[verdict.status] ?? 'halt'}`
  root.append(element('strong', {}, `${verdict.status} (exit code ${verdict.exitCode})`))
  if (verdict.reasons.length > 0)
    root.append(element('ul', {}, ...verdict.reasons.map(reason => element('li', {}, reason))))
  if (verdict.reportHtml === '') return
  // The server ends with the run; what it sent stays here.
  const url = verdict.isServed
    ? '/report.html'
    : URL.createObjectURL(new Blob([verdict.reportHtml], { type: 'text/html' }))
  root.append(
    element(
      'p',
      { class: 'actions' },
      element('a', { href: url, target: '_blank', rel: 'noopener' }, 'Open the report'),
      element('span', {}, 'on disk: ', element('code', {}, verdict.reportPath)),
    ),
  )
}
