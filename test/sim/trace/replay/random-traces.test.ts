// Traces that nobody thought of, played exactly: the cluster ends as they say, and shows again what it has shown.
import fc from 'fast-check'
import t from 'tap'
import { type ChurnEvent, TraceState } from '../../../../sim/trace/index.ts'
import { arbitraryTrace } from '../../../support/arbitrary-trace.ts'
import { fold, replay, write } from './support.ts'

/** What no API server would hold: other annotations are in no trace, and a Deployment that is recreated has no surge. */
function asServed(event: ChurnEvent): ChurnEvent {
  if (!('annotations' in event || 'strategy' in event)) return event
  const { annotations: _, ...rest } = event as Extract<ChurnEvent, { kind: 'workload' }>
  return rest.strategy?.type === 'Recreate' ? { ...rest, strategy: { type: 'Recreate' } } : rest
}

void t.test('whatever can have happened can be played', async t => {
  let n = 0
  await fc.assert(
    fc.asyncProperty(
      arbitraryTrace({ minLength: 1, maxLength: 80 }),
      fc.constantFrom(1, 3, 1000),
      async (random, speed) => {
        const events = random.map(asServed)
        const first = await replay(await write(`first-${n}.jsonl`, events), { speed })
        t.strictSame(first.replay!.finalState.examples, [])
        const skipped = events.filter(
          event => event.kind === 'workload' && !/^(Deployment|ReplicaSet|StatefulSet|DaemonSet)$/.test(event.type),
        )
        t.equal(
          Object.values(first.replay!.events.skipped).reduce((sum, count) => sum + count, 0),
          skipped.length,
        )
        // Labels that change to what they are, and the like: events that nobody can see are not shown.
        t.ok(first.shown.length <= events.length - skipped.length)
        t.strictSame([...fold(first.shown).pods.keys()], [...fold(events).pods.keys()])
        const state = new TraceState()
        for (const event of first.shown) t.equal(state.apply(event), undefined)

        const second = await replay(await write(`second-${n++}.jsonl`, first.shown), { speed })
        t.equal(
          second.traceSha256,
          first.traceSha256,
          'what was shown once is shown again, in its order and at its time',
        )
        t.equal(second.replay!.plannedSha256, second.replay!.achievedSha256)
      },
    ),
    { numRuns: 15 },
  )
})
