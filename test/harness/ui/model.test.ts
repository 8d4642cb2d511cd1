import fc from 'fast-check'
import t from 'tap'
import { Board } from '../../../harness/ui/board.ts'
import { ClusterModel } from '../../../harness/ui/cluster-model.ts'
import { cellAt, hit, layoutMap } from '../../../harness/ui/page/map-layout.ts'
import { PageState } from '../../../harness/ui/page/page-state.ts'
import { bytes, clock, compact, count, seconds } from '../../../harness/ui/page/words.ts'
import { RowRing } from '../../../harness/ui/row-ring.ts'
import { NODE_STATES, POD_STATES, ROW_COLUMNS, type Row } from '../../../harness/ui/wire.ts'
import type { TruthEvent } from '../../../sim/index.ts'
import { at, comes, goes, opened, places, Seen } from './story.ts'

const TITLE = { scenario: 'x', description: '', facts: '', durationMs: 60_000, settleMs: 5000 }

function stateOf(model: ClusterModel, index = 0): string | undefined {
  const row = model.everything().states[index]
  return row === undefined ? undefined : POD_STATES[row[1]]
}

void t.test("a pod's life: each event and each sight changes its state as it should", async t => {
  const seen = new Seen()
  const model = new ClusterModel(places(3), 'pod-addressed')
  model.witnessedBy(seen)
  t.same(stateOf(model), undefined)
  const [open, addressed, ready] = comes(1000, 0, 'node-0')
  model.apply(open!)
  t.equal(stateOf(model), 'starting')
  model.apply(addressed!)
  t.equal(stateOf(model), 'starting')
  model.apply(ready!)
  t.equal(stateOf(model), 'waiting')
  t.match(model.headline(), { ready: 1, scraped: 0, waiting: 1, missed: 0, discoveryP50S: null })
  seen.scraped.set(0, 1350)
  t.equal(stateOf(model), 'waiting', 'nobody looked')
  model.observe()
  t.equal(stateOf(model), 'scraped')
  seen.visible.set('uid-0', 1500.25)
  model.observe()
  t.equal(stateOf(model), 'visible')
  t.same(model.everything().states[0], [0, POD_STATES.indexOf('visible'), 1100, 1200, 1350, 1500.3, null])
  const { discoveryP50S, visibilityP99S, ...counts } = model.headline()
  t.match(counts, { pods: 1, ready: 1, scraped: 1, visible: 1, waiting: 0, missed: 0 })
  t.ok(Math.abs(discoveryP50S! - 0.25) < 0.001, 'from the address on')
  t.ok(Math.abs(visibilityP99S! - 0.40025) < 0.001)
  model.apply(at(2000, { type: 'node-silent', node: 'node-0' }))
  t.equal(stateOf(model), 'silent')
  t.equal(NODE_STATES[model.everything().nodes[0]![2]], 'silent')
  model.apply(at(2100, { type: 'node-not-ready', node: 'node-0' }))
  model.apply(at(2200, { type: 'node-answering', node: 'node-0' }))
  t.equal(stateOf(model), 'visible', 'it is what it was')
  t.equal(NODE_STATES[model.everything().nodes[0]![2]], 'not-ready')
  model.apply(at(2300, { type: 'node-ready', node: 'node-0' }))
  t.equal(NODE_STATES[model.everything().nodes[0]![2]], 'ready')
  const [terminating, deleted] = goes(3000, 0)
  model.apply(terminating!)
  t.equal(stateOf(model), 'terminating')
  model.apply(deleted!)
  t.same(model.everything().pods, [])
  t.match(model.headline(), { pods: 0, missed: 0 })
})

void t.test('missed: gone without a scrape, and only when it could have been known', async t => {
  const seen = new Seen()
  const model = new ClusterModel(places(1), 'pod-in-slice')
  model.witnessedBy(seen)
  for (const event of comes(0, 0, 'node-0')) model.apply(event)
  for (const event of goes(1000, 0)) model.apply(event)
  t.equal(model.headline().missed, 0, 'it never was in a slice')
  for (const event of comes(0, 1, 'node-0')) model.apply(event)
  model.apply(at(300, { type: 'pod-in-slice', uid: 'uid-1' }))
  t.equal(model.headline().waiting, 1)
  for (const event of goes(1000, 1)) model.apply(event)
  t.match(model.headline(), { missed: 1, waiting: 0 })
  for (const event of comes(0, 2, 'node-0')) model.apply(event)
  model.apply(at(300, { type: 'pod-in-slice', uid: 'uid-2' }))
  seen.scraped.set(2, 400)
  for (const event of goes(1000, 2)) model.apply(event)
  t.equal(model.headline().missed, 1, 'a scrape between the last look and the end counts')
  t.ok(Math.abs(model.headline().discoveryP50S! - 0.1) < 0.001)
})

void t.test('what comes to a node that does not answer does not answer; unknown nodes are shown', async t => {
  const model = new ClusterModel(places(1), 'pod-addressed')
  model.apply(at(0, { type: 'node-silent', node: 'node-0' }))
  model.apply(opened(10, 0, 'node-0'))
  model.apply(opened(10, 1, 'made-by-kubectl'))
  model.apply(at(20, { type: 'node-deleted', node: 'node-0' }))
  const { nodes, states } = model.everything()
  t.same(
    states.map(row => POD_STATES[row[1]]),
    ['silent', 'starting'],
  )
  t.same(nodes, [
    ['node-0', 'region-1a', NODE_STATES.indexOf('deleted')],
    ['made-by-kubectl', 'other', NODE_STATES.indexOf('ready')],
  ])
})

/** Lives of a few pods on a few nodes, mixed: for each a prefix of its life, in order. */
const anyStory = fc
  .array(fc.record({ node: fc.nat(2), steps: fc.nat(5), seen: fc.nat(2), at: fc.nat(5000) }), { maxLength: 25 })
  .map(pods => {
    const events: TruthEvent[] = []
    const seen = new Seen()
    pods.forEach((pod, i) => {
      const life = [...comes(pod.at, i, `node-${pod.node}`), ...goes(pod.at + 2000, i)]
      events.push(...life.slice(0, pod.steps))
      if (pod.seen > 0) seen.scraped.set(i, pod.at + 300)
      if (pod.seen > 1) seen.visible.set(`uid-${i}`, pod.at + 350)
    })
    events.push(at(2500, { type: 'node-silent', node: 'node-1' }))
    return { events: events.toSorted((a, b) => a.plannedMs - b.plannedMs), seen }
  })

void t.test('property: changes added up in a page are the same as everything told to a late joiner', async t => {
  fc.assert(
    fc.property(anyStory, fc.infiniteStream(fc.nat(4)), ({ events, seen }, steps) => {
      const board = new Board({ title: TITLE, places: places(3), from: 'pod-addressed', nowMs: () => 0 })
      board.witnessedBy(seen)
      const early = new PageState()
      early.apply(board.everything())
      for (let i = 0; i < events.length;) {
        const n = steps.next().value! + 1
        board.apply(events.slice(i, i + n))
        i += n
        const update = board.changes()
        // As over the wire.
        if (update !== undefined) early.apply(JSON.parse(JSON.stringify(update)))
      }
      const last = board.changes()
      if (last !== undefined) early.apply(last)
      t.equal(board.changes(), undefined, 'nothing is told twice')
      const late = new PageState()
      late.apply(board.everything())
      const flat = (page: PageState): unknown =>
        [...page.pods.values()].map(({ cell: _, node, ...pod }) => ({ ...pod, node: node.name, at: node.state }))
      t.same(flat(early), flat(late))
      t.same(early.headline, late.headline)
      t.same(early.log, late.log)
      for (const node of early.nodes.values()) {
        const live = node.cells.filter(pod => pod !== undefined)
        t.same(new Set(live.map(pod => pod.cell)).size, live.length, 'a cell holds one pod')
        for (const pod of live) t.equal(node.cells[pod.cell], pod)
      }
    }),
    { numRuns: 60 },
  )
})

void t.test('while nobody looks, nothing is gathered', async t => {
  const board = new Board({ title: TITLE, places: places(2), from: 'pod-addressed', nowMs: () => 0 })
  for (let i = 0; i < 50; i++) board.apply([...comes(i, i, 'node-0'), ...goes(i + 900, i)])
  t.equal(board.changes(), undefined)
  board.everything()
  board.apply(comes(5000, 99, 'node-0'))
  board.forget()
  t.equal(board.changes(), undefined, 'what was gathered is gone with the last one who looked')
})

void t.test('time lines: the whole story in bounded memory, recent seconds as they were', async t => {
  const row = (second: number): Row => ROW_COLUMNS.map(column => (column === 't_s' ? second : second * 10))
  const ring = new RowRing(40)
  for (let second = 1; second <= 10_000; second++) ring.push(row(second))
  const { rows } = ring
  t.ok(rows.length <= 40)
  t.ok(rows.length >= 20)
  const times = rows.map(each => each[0]!)
  t.same(
    times,
    times.toSorted((a, b) => a - b),
  )
  t.same(times.slice(-10), [9991, 9992, 9993, 9994, 9995, 9996, 9997, 9998, 9999, 10_000])
  const lag = ROW_COLUMNS.indexOf('generator_lag_max_s')
  const pods = ROW_COLUMNS.indexOf('pods_ready')
  t.ok(times[0]! > 1, 'the oldest rows stand for more than a second')
  for (const each of rows) {
    t.equal(each[lag], each[0]! * 10, 'the highest of what was merged')
    t.ok(each[pods]! <= each[0]! * 10, 'the mean of what was merged')
  }
  const holes = new RowRing(4)
  for (let second = 1; second <= 8; second++) holes.push([second, ...Array.from({ length: 11 }, () => null)])
  t.equal(holes.rows.at(-1)![1], null)
})

void t.test('the log is bounded, the oldest go first', async t => {
  const board = new Board({ title: TITLE, places: [], from: 'pod-addressed', nowMs: () => 7 })
  for (let i = 0; i < 700; i++) board.log('note', String(i))
  const { log = [] } = board.everything()
  t.equal(log.length, 500)
  t.equal(log[0]!.text, '200')
  t.same(log.at(-1), { atMs: 7, kind: 'note', text: '699' })
})

void t.test('rows carry what the sampler saw, the latencies so far and the longest lag', async t => {
  const seen = new Seen()
  const board = new Board({ title: TITLE, places: places(1), from: 'pod-addressed', nowMs: () => 0 })
  board.witnessedBy(seen)
  const snapshot = { atS: 1.00049, pods: 1, scraped: 1, visible: 0, samplesPerSecond: 2.5, cpuCores: null, rssBytes: 5 }
  board.second(snapshot)
  board.apply(comes(0, 0, 'node-0'))
  seen.scraped.set(0, 600)
  board.second(snapshot)
  const [before, after] = board.everything().rows!
  t.same(before!.slice(0, 7), [1, 1, 1, 0, 2.5, null, 5])
  t.same(before!.slice(7), [null, null, null, null, null])
  t.ok(Math.abs(after![7]! - 0.5) < 0.001)
  t.equal(after![11], 0.001, 'each event of the story is a millisecond late')
})

void t.test('the map: nothing overlaps, everything fits, and each cell is found where it is painted', async t => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 120 }),
      fc.integer({ min: 280, max: 2000 }),
      (sizes, cells, width) => {
        const zones = sizes.map((n, z) => ({ name: `z${z}`, nodes: Array.from({ length: n }, (_, i) => `n${z}-${i}`) }))
        const layout = layoutMap(zones, cells, width, 500)
        const boxes = [...layout.nodes.values()]
        t.equal(
          boxes.length,
          sizes.reduce((a, b) => a + b),
        )
        const misplaced = boxes.filter((a, i) => {
          const isInside =
            a.x >= 0 && a.y >= 0 && a.x + a.width <= layout.width + 0.01 && a.y + a.height <= layout.height
          const overlaps = boxes
            .slice(i + 1)
            .some(b => a.x + a.width > b.x && b.x + b.width > a.x && a.y + a.height > b.y && b.y + b.height > a.y)
          return !isInside || overlaps
        })
        t.same(misplaced, [])
        const [name, box] = [...layout.nodes].at(-1)!
        for (const cell of [0, cells - 1]) {
          const { x, y } = cellAt(layout, box, cell)
          t.ok(x + layout.side <= box.x + box.width && y + layout.side <= box.y + box.height, 'a cell is in its box')
          t.same(hit(layout, x + 1, y + 1), { node: name, cell })
        }
      },
    ),
    { numRuns: 40 },
  )
  t.equal(hit(layoutMap([{ name: 'z', nodes: ['n'] }], 1, 300, 500), 1, 1), undefined, 'the title of a zone is no node')
})

void t.test('words', async t => {
  t.same([null, 0, 0.0000004, 0.00085, 0.0431, 1.2345, 12, 600].map(seconds), [
    '–',
    '0 s',
    '0 µs',
    '850 µs',
    '43.1 ms',
    '1.23 s',
    '12 s',
    '600 s',
  ])
  t.same([null, 12, 1536, 438_304_768].map(bytes), ['–', '12 B', '1.5 KiB', '418 MiB'])
  t.same([null, 7, 0.12345, 12_345.6, 1_000_000].map(count), ['–', '7', '0.123', '12,346', '1,000,000'])
  t.same([-5, 7900, 750_000, 3_723_000].map(clock), ['0:00', '0:07', '12:30', '1:02:03'])
  t.same([7, 9999, 12_000, 1_052_784].map(compact), ['7', '9,999', '12k', '1.05M'])
})
