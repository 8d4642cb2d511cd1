import t from 'tap'
import { VirtualClock } from '../../../base/index.ts'
import { Board } from '../../../harness/ui/board.ts'
import { Feed, type Sink } from '../../../harness/ui/feed.ts'
import type { Update } from '../../../harness/ui/wire.ts'
import { comes, places, Seen } from './story.ts'

/** A browser that takes what it is given, or nothing at all. */
class FakeSink implements Sink {
  text = ''
  backlogBytes = 0
  isDestroyed = false
  isStuck = false

  write(chunk: string): void {
    this.text += chunk
    if (this.isStuck) this.backlogBytes += chunk.length
  }

  destroy(): void {
    this.isDestroyed = true
  }

  get messages(): { readonly id: string; readonly update: Update }[] {
    return [...this.text.matchAll(/^id: (\S+)\ndata: (.*)\n\n/gm)].map(([, id, data]) => ({
      id: id!,
      update: JSON.parse(data!) as Update,
    }))
  }

  get last(): { readonly id: string; readonly update: Update } | undefined {
    return this.messages.at(-1)
  }
}

function stage(options: ConstructorParameters<typeof Feed>[2] = {}) {
  const clock = new VirtualClock()
  const board = new Board({
    title: { scenario: 's', description: '', subject: 'embedded', facts: '', durationMs: 60_000, settleMs: 0 },
    places: places(3),
    from: 'pod-addressed',
    nowMs: () => clock.elapsedMs,
  })
  board.witnessedBy(new Seen())
  const feed = new Feed(clock, board, options)
  return { clock, board, feed }
}

void t.test('who joins is told everything, then changes, at most four times a second', async t => {
  const { clock, board, feed } = stage()
  board.apply(comes(0, 0, 'node-0'))
  board.log('note', 'before anybody looked')
  const sink = new FakeSink()
  feed.join(sink)
  t.equal(sink.messages.length, 1)
  t.match(sink.last!.update, {
    reset: { scenario: 's' },
    pods: [[0, 'uid-0']],
    log: [{ text: 'before anybody looked' }],
  })
  for (let i = 1; i <= 20; i++) {
    board.apply(comes(clock.elapsedMs, i, 'node-1'))
    clock.advance(50)
  }
  t.equal(sink.messages.length, 5, 'twenty changes in a second')
  t.equal(sink.messages.flatMap(({ update }) => update.pods ?? []).length, 21, 'all of them, in four messages')
  const { length } = sink.messages
  clock.advance(5000)
  t.equal(sink.messages.length, length, 'nothing happened, nothing is told')
  t.equal(sink.messages.filter(({ update }) => update.reset !== undefined).length, 1)
})

void t.test('a late joiner sees the whole story and then the same as the others', async t => {
  const { clock, board, feed } = stage()
  const early = new FakeSink()
  feed.join(early)
  for (let s = 1; s <= 5; s++) {
    board.second({ atS: s, pods: s, scraped: 0, visible: 0, samplesPerSecond: 0, cpuCores: 0, rssBytes: 0 })
    board.apply(comes(s * 1000, s, 'node-0'))
    clock.advance(1000)
  }
  const late = new FakeSink()
  feed.join(late)
  t.match(late.last!.update, { reset: {}, atMs: 5000 })
  t.equal(late.last!.update.rows!.length, 5)
  t.equal(late.last!.update.pods!.length, 5)
  board.apply(comes(6000, 6, 'node-2'))
  clock.advance(250)
  t.same(late.last, early.last)
})

void t.test(
  'resume: what was missed, once; everything anew when that is not kept any more, or the id is not ours',
  async t => {
    const { clock, board, feed } = stage({ historyCharsMax: 3000 })
    const first = new FakeSink()
    const leave = feed.join(first)
    board.log('note', 'one')
    clock.advance(250)
    const { id } = first.last!
    leave()
    t.equal(feed.listeners, 0)
    board.log('note', 'two')
    clock.advance(250)
    board.log('note', 'three')
    const again = new FakeSink()
    const leaveAgain = feed.join(again, id)
    t.same(
      again.messages.flatMap(({ update }) => update.log ?? []).map(({ text }) => text),
      ['two', 'three'],
    )
    t.notOk(again.messages.some(({ update }) => update.reset !== undefined))
    const upToDate = new FakeSink()
    feed.join(upToDate, again.last!.id)
    t.same(upToDate.messages, [], 'nothing was missed')
    for (const strange of ['', 'other-1', `${id.split('-')[0]}-999`, `${id}x`, '-']) {
      const sink = new FakeSink()
      feed.join(sink, strange)()
      t.ok(sink.last?.update.reset, `"${strange}" is told everything`)
    }
    leaveAgain()
    for (let i = 0; i < 40; i++) {
      board.log('note', 'x'.repeat(200))
      clock.advance(250)
      t.ok(feed.historyChars <= 3000, 'history is bounded')
    }
    const tooLate = new FakeSink()
    feed.join(tooLate, id)
    t.ok(tooLate.last?.update.reset, 'what it missed is not kept any more')
  },
)

void t.test('when the last one has left for ten seconds, nothing is made and nothing is kept', async t => {
  const { clock, board, feed } = stage()
  t.equal(clock.pending, 0, 'nothing before the first')
  const sink = new FakeSink()
  const leave = feed.join(sink)
  board.log('note', 'one')
  clock.advance(250)
  leave()
  clock.advance(9000)
  t.ok(feed.isAwake)
  clock.advance(2000)
  t.notOk(feed.isAwake)
  t.equal(feed.historyChars, 0)
  t.equal(clock.pending, 0)
  board.log('note', 'unseen')
  const again = new FakeSink()
  feed.join(again, sink.last!.id)
  t.ok(again.last?.update.reset, 'what happened meanwhile was not kept: everything anew')
  t.same(
    again.last?.update.log?.map(({ text }) => text),
    ['one', 'unseen'],
  )
})

void t.test(
  'one that takes nothing has one message in flight, is caught up when it takes again, or dropped',
  async t => {
    const { clock, board, feed } = stage({ historyCharsMax: 20_000 })
    const good = new FakeSink()
    const slow = new FakeSink()
    feed.join(good)
    feed.join(slow)
    slow.isStuck = true
    for (let i = 0; i < 20; i++) {
      board.log('note', `${i} `.padEnd(500, 'x'))
      clock.advance(250)
    }
    t.equal(good.messages.length, 21)
    t.equal(slow.messages.length, 2, 'what it was told when it stopped taking')
    t.notOk(slow.isDestroyed)
    slow.isStuck = false
    slow.backlogBytes = 0
    clock.advance(250)
    t.same(
      slow.messages.flatMap(({ update }) => update.log ?? []),
      good.messages.flatMap(({ update }) => update.log ?? []),
      'nothing is lost',
    )
    slow.isStuck = true
    for (let i = 0; i < 50 && !slow.isDestroyed; i++) {
      board.log('note', `more ${i} `.padEnd(500, 'x'))
      clock.advance(250)
    }
    t.ok(slow.isDestroyed, 'after ten seconds without taking anything')
    t.equal(feed.listeners, 1)
    t.notOk(good.isDestroyed)
    const back = new FakeSink()
    feed.join(back, slow.last!.id)
    t.equal(back.last!.id, good.last!.id, 'it comes back and is where the others are')
  },
)

void t.test('close breaks all connections, and nobody keeps a timer', async t => {
  const { clock, feed } = stage()
  const sinks = [new FakeSink(), new FakeSink()]
  for (const sink of sinks) feed.join(sink)
  sinks[0]!.backlogBytes = 1
  t.ok(feed.isDraining)
  feed.close()
  t.ok(sinks.every(sink => sink.isDestroyed))
  t.equal(feed.listeners, 0)
  t.notOk(feed.isDraining)
  clock.advance(60_000)
  t.equal(clock.pending, 0)
  feed.flush()
})
