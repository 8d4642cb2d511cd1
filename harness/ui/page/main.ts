import type { Boot, Update } from '../wire.ts'
import { Charts } from './charts.ts'
import { ControlPanel } from './control.ts'
import { byId, setText } from './dom.ts'
import { ClusterMap } from './map.ts'
import { PageState } from './page-state.ts'
import { Details, EventLog, Head, Legend, NodeTable, showVerdict } from './panels.ts'
import { onThemeChange, setAlone } from './theme.ts'

/** The live page: events from the server go into one state, and all that shows it is painted at most once a frame. */
const boot = JSON.parse(byId('boot').textContent ?? '{}') as Boot
const state = new PageState()
const head = new Head(state)
const legend = new Legend(state)
const table = new NodeTable(state)
const log = new EventLog(state)
const charts = new Charts(state)
const control = boot.control === undefined ? undefined : new ControlPanel(boot.control, state)
const map = new ClusterMap(state, {
  onPod: pod => details.show(pod),
  onNode: name => control?.chooseNode(name),
})
const details = new Details(state, () => map.choose(undefined))

let isDue = false
let rowsDrawn = -1
let generation = 0

/** A hidden tab is not painted: frames stop there by themselves, and the state goes on. */
function show(): void {
  if (isDue) return
  isDue = true
  requestAnimationFrame(() => {
    isDue = false
    if (state.generation !== generation) {
      generation = state.generation
      rowsDrawn = -1
      charts.rebuild()
      setAlone(state.title?.subject === undefined)
      legend.repaint()
    }
    head.update()
    legend.update()
    table.update()
    log.update()
    control?.update()
    showVerdict(state)
    map.draw()
    if (map.chosen !== undefined) details.show(map.chosen)
    // Lines change once a second only.
    const newest = state.rows.rows.at(-1)?.[0] ?? -1
    if (newest !== rowsDrawn) {
      rowsDrawn = newest
      charts.update()
    }
  })
}

function tell(text: string, kind: '' | 'live' | 'lost'): void {
  const link = byId('link')
  link.className = `link ${kind}`
  setText(link, text)
}

const source = new EventSource('/events')
source.addEventListener('open', () => tell('live', 'live'))
source.addEventListener('message', event => {
  state.apply(JSON.parse(event.data as string) as Update)
  if (state.phase === 'done') tell('the run is over', '')
  show()
})
source.addEventListener('error', () => {
  if (state.phase === 'done') {
    // The server ended with the run, as it should.
    source.close()
    tell('the run is over; this page keeps what it showed', '')
  } else if (source.readyState === EventSource.CLOSED) {
    tell('refused; load the page again', 'lost')
  } else {
    tell('connection lost, trying again …', 'lost')
  }
})

onThemeChange(() => {
  legend.repaint()
  charts.rebuild()
  map.draw()
})
