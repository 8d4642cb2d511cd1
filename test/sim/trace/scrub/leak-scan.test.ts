// The scan of what a scrubbing wrote: it lets pass what was replaced or kept on purpose, and finds all else.
import t from 'tap'
import type { ChurnEvent } from '../../../../sim/trace/index.ts'
import { EventScrubber } from '../../../../sim/trace/scrub/event-scrubber.ts'
import { parseKeep } from '../../../../sim/trace/scrub/index.ts'
import { LeakScan } from '../../../../sim/trace/scrub/leak-scan.ts'
import { ScrubLedger } from '../../../../sim/trace/scrub/scrub-ledger.ts'
import { recordedTrace } from './recorded-trace.ts'

type PodCreated = Extract<ChurnEvent, { kind: 'pod' }>

const ledger = new ScrubLedger()
const scrubber = new EventScrubber(Buffer.alloc(32, 'leaks'), ledger, {
  keep: parseKeep([]),
  actions: [{ name: 'scale', args: [{ name: 'workload', type: 'string', means: 'workload' }] }],
  profiles: ['web-service'],
})
const originals = recordedTrace()
const scrubbed = originals.map(event => scrubber.scrub(event))
const scan = new LeakScan(ledger, scrubber.pseudonyms, scrubber.addresses)

void t.test('a scrubbed trace passes', t => {
  t.same(
    scrubbed.map(event => scan.leakOf(event)).filter(leak => leak !== undefined),
    [],
  )
  t.end()
})

void t.test('each event of the original is found', t => {
  for (const event of originals) t.ok(scan.leakOf(event), JSON.stringify(event))
  t.end()
})

void t.test('a leak is found wherever it is', t => {
  const at = originals.findIndex(event => event.kind === 'pod' && event.op === 'created')
  const original = originals[at] as PodCreated
  const pod = scrubbed[at] as PodCreated
  const leakOf = (change: Partial<PodCreated>): object | undefined => scan.leakOf({ ...pod, ...change })
  const [container] = pod.containers ?? []

  t.equal(leakOf({}), undefined)
  t.match(leakOf({ namespace: 'shop' }), { field: 'namespace', original: 'shop' })
  t.match(leakOf({ name: original.name }), { field: 'name', original: original.name })
  t.match(leakOf({ uid: original.uid }), { original: original.uid })
  t.match(leakOf({ owner: original.owner! }), { text: /^frontend-/ })
  t.match(leakOf({ labels: { ...pod.labels, app: 'frontend' } }), { field: 'labels.app', original: 'frontend' })
  t.match(leakOf({ labels: { 'acme.example/team': 'true' } }), { original: 'acme.example/team' })
  t.match(leakOf({ labels: { app: 'xfrontendx' } }), { original: 'frontend' }, 'within a text')
  t.match(leakOf({ labels: { app: 'nobody-knows' } }), { text: 'nobody-knows' }, 'what nobody gave out')
  t.match(leakOf({ containers: [{ ...container!, image: original.containers![0]!.image! }] }), { field: /image$/ })
  t.match(leakOf({ containers: [{ ...container!, ports: [{ name: 'acme', port: 1 }] }] }), { field: /ports\.name$/ })
  t.match(leakOf({ node: 'node-1' }), { original: 'node-1' })
  t.match(leakOf({ address: '192.0.2.1' }), { field: 'address' })
  t.match(leakOf({ reason: 'AcmeSaysNo' }), { field: 'reason' })
  const action = (args: Record<string, string>): object | undefined =>
    scan.leakOf({ t: 0, kind: 'action', op: 'scale', args })
  t.equal(action({ workload: `${pod.namespace}/${pod.labels!['app']}` }), undefined)
  t.match(action({ workload: `${pod.namespace}/frontend` }), { original: 'frontend' })
  t.match(action({ phone: '' }), { text: 'phone' })
  t.match(scan.leakOf({ t: 0, kind: 'action', op: 'page-ann', args: {} }), { field: 'op' })
  t.end()
})

void t.test('a pseudonym that has its original in it is found, though it was given out', t => {
  const careless = scrubber.pseudonyms.suffixed('pods', 'frontend', 'frontend-1-a')
  t.match(scan.leakOf({ t: 0, kind: 'node', op: 'added', name: careless }), { original: 'frontend' })
  const composed = scrubber.pseudonyms.composed('test', 'x', 'registry.example/cart-backend/y:1')
  t.match(scan.leakOf({ t: 0, kind: 'node', op: 'added', name: composed }), { original: 'cart-backend' })
  t.end()
})
