// Scenario ip-reuse in virtual time: addresses go from one namespace to another at once, in its trace and when that is replayed.
import { join } from 'node:path'
import t from 'tap'
import { resolveScenario } from '../../../../harness/scenario.ts'
import { SCENARIOS } from '../../../../scenarios/index.ts'
import type { ChurnEvent } from '../../../../sim/trace/index.ts'
import { dir, eventsOf, record, replay } from './support.ts'

interface Holder {
  readonly namespace: string
  readonly node: string
  goneMs: number
}

/** Pods that took over an address, and from whom. */
function takeovers(
  events: readonly ChurnEvent[],
): { readonly from: Holder; readonly to: Holder; readonly afterMs: number }[] {
  const nodes = new Map<string, string>()
  const addresses = new Map<string, string>()
  const holders = new Map<string, Holder>()
  const out: ReturnType<typeof takeovers> = []
  for (const event of events) {
    if (event.kind !== 'pod') continue
    if (event.op === 'bound') nodes.set(event.uid, event.node ?? '')
    else if (event.op === 'addressed' && event.address !== undefined) {
      const to = { namespace: event.namespace, node: nodes.get(event.uid) ?? '', goneMs: Infinity }
      const from = holders.get(event.address)
      if (from !== undefined) out.push({ from, to, afterMs: event.t - from.goneMs })
      holders.set(event.address, to)
      addresses.set(event.uid, event.address)
    } else if (event.op === 'deleted') {
      const holder = holders.get(addresses.get(event.uid) ?? '')
      if (holder !== undefined) holder.goneMs = event.t
    }
  }
  return out
}

void t.test('addresses are taken over at once, by other namespaces and on other nodes', async t => {
  const input = SCENARIOS.find(({ name }) => name === 'ip-reuse')!
  const { cluster, plan, durationMs } = resolveScenario(input, { profile: 'smoke', seed: '1', set: [] })
  await record('reuse.jsonl', cluster, plan, durationMs)
  const events = await eventsOf(join(dir, 'reuse.jsonl'))
  const taken = takeovers(events)
  const foreign = taken.filter(({ from, to }) => from.namespace !== to.namespace)
  t.ok(foreign.length >= 10, `${foreign.length} of ${taken.length} from another namespace`)
  t.ok(
    taken.some(({ from, to }) => from.node !== to.node),
    'some on another node',
  )
  t.ok(
    taken.every(({ afterMs }) => afterMs > 0),
    'never while it is somebody’s',
  )
  t.ok(
    foreign.every(({ afterMs }) => afterMs < 3000),
    'within a scrape or two',
  )

  const fresh = { ...cluster, addresses: 'fresh' } as const
  await record('fresh.jsonl', fresh, plan, durationMs)
  t.same(takeovers(await eventsOf(join(dir, 'fresh.jsonl'))), [], 'and by default none is')

  const { shown, replay: report } = await replay(join(dir, 'reuse.jsonl'))
  t.same(takeovers(shown), taken, 'a replay takes over what the trace does')
  t.equal(report?.finalState.equal, true)
  t.equal(report?.addressesShared, 0)
})
