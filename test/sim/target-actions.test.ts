// The actions misbehave and behave on a cluster in virtual time: whom they reach, for how long, and what flapping readiness does.
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import t from 'tap'
import { Prng } from '../../base/index.ts'
import { checkAction } from '../../harness/check-action.ts'
import { type ActionHands, actionByName } from '../../sim/actions.ts'
import { EndpointSlices } from '../../sim/cluster/index.ts'
import type { ActionArgs } from '../../sim/messages.ts'
import type { MisbehaviourOrder } from '../../sim/targets/index.ts'
import { isReady, type Sim, simulate, workload } from './controllers/harness.ts'

interface Played {
  readonly sim: Sim
  readonly told: { readonly pods: number; readonly kind: string | undefined }[]
  /** Kind by name of the pod, of those that misbehave. */
  readonly bad: () => Record<string, string>
  readonly perform: (action: string, args: ActionArgs, stream?: string) => string
}

function play(): Played {
  const told: Played['told'][number][] = []
  const onMisbehaviour = (uids: readonly string[], order: MisbehaviourOrder | undefined): void => {
    told.push({ pods: uids.length, kind: order?.kind })
  }
  const sim = simulate({ nodes: 3, zones: 1, cluster: { onMisbehaviour } })
  sim.cluster.applyWorkload(workload('web', 8))
  sim.cluster.applyWorkload(workload('other', 2))
  sim.clock.advance(10_000)
  return {
    sim,
    told,
    bad() {
      const names = new Map(sim.pods().map(({ metadata }) => [metadata.uid, metadata.name]))
      return Object.fromEntries([...sim.runtime.misbehaving].map(([uid, { kind }]) => [names.get(uid) ?? uid, kind]))
    },
    perform(action, args, stream = action) {
      const prng = new Prng('seed').fork(stream)
      return actionByName(action)!.run(
        { clock: sim.clock, prng, cluster: sim.cluster, api: {} as ActionHands['api'] },
        args,
      )
    },
  }
}

t.test('all pods of a workload, a number of them or a share, and nobody else', t => {
  const { sim, perform, bad, told } = play()
  const ofWeb = sim.pods('web').map(({ metadata }) => metadata.name)
  const name = { workload: 'shop/web' }
  t.equal(perform('misbehave', { ...name, kind: 'slow-body', delay: '2s' }), '8 pods of web: slow-body (delay 2s)')
  t.same(Object.keys(bad()).toSorted(), ofWeb.toSorted())
  t.same([...sim.runtime.misbehaving.values()][0], { kind: 'slow-body', params: { delay: 2000 } })
  t.equal(perform('behave', name), '8 pods of web: well again')
  t.same(bad(), {})
  t.equal(perform('behave', name), '0 pods of web: well again')
  t.equal(perform('misbehave', { ...name, kind: 'not-found', pods: 3 }), '3 pods of web: not-found')
  const three = Object.keys(bad())
  t.equal(three.length, 3)
  perform('behave', name)
  perform('misbehave', { ...name, kind: 'not-found', pods: 3 })
  t.same(Object.keys(bad()), three, 'the seed decides which')
  perform('behave', name)
  perform('misbehave', { ...name, kind: 'not-found', share: 0.5 })
  t.equal(Object.keys(bad()).length, 4)
  t.same(told.at(-1), { pods: 4, kind: 'not-found' })
  t.throws(() => perform('misbehave', { workload: 'shop/none', kind: 'not-found' }), { message: /not found/ })
  t.end()
})

t.test('a time that is over ends what it began, and not what came later', t => {
  const { sim, perform, bad, told } = play()
  const args = { workload: 'shop/web', for: '5s' }
  t.equal(perform('misbehave', { ...args, kind: 'bad-line' }), '8 pods of web: bad-line for 5s')
  sim.clock.advance(3000)
  perform('misbehave', { ...args, kind: 'gzip-bomb', pods: 2 })
  sim.clock.advance(2500)
  t.same(Object.values(bad()), ['gzip-bomb', 'gzip-bomb'])
  sim.clock.advance(2500)
  t.same(bad(), {})
  t.same(told, [
    { pods: 8, kind: 'bad-line' },
    { pods: 2, kind: 'gzip-bomb' },
    { pods: 6, kind: undefined },
    { pods: 2, kind: undefined },
  ])
  t.end()
})

t.test('flapping readiness: pods and their endpoints are unready again and again, and answers are good', t => {
  const { sim, perform, bad } = play()
  const readyOf = (app: string): boolean[] => sim.pods(app).map(pod => isReady(pod))
  const endpoints = (): (boolean | undefined)[] =>
    sim.store
      .list<EndpointSlice>(EndpointSlices, 'shop')
      .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'web')
      .flatMap(slice => slice.endpoints.map(({ conditions }) => conditions?.ready))
  t.notOk(readyOf('web').includes(false))
  perform('misbehave', { workload: 'shop/web', kind: 'flapping-readiness', every: '10s', for: '25s' })
  t.same(new Set(readyOf('web')), new Set([false]))
  t.notOk(readyOf('other').includes(false))
  t.same(bad(), {})
  const seen = new Set<boolean | undefined>()
  let falls = 1
  let before = false
  for (let ms = 0; ms < 40_000; ms += 100) {
    sim.clock.advance(100)
    for (const ready of endpoints()) seen.add(ready)
    const ready = isReady(sim.pods('web')[0]!)
    if (before && !ready) falls++
    before = ready
  }
  t.same(seen, new Set([true, false]), 'endpoints follow')
  t.equal(falls, 3, 'at 0, 10 and 20 s, then no more')
  t.notOk(readyOf('web').includes(false))
  t.match(sim.pods('web')[0]!.status?.containerStatuses?.[0], { ready: true, restartCount: 0 })
  t.end()
})

t.test('what cannot be meant is refused with what can', t => {
  const action = actionByName('misbehave')!
  const faults = (args: ActionArgs): string[] =>
    checkAction(action, { workload: 'shop/web', ...args }, {}, 'scenarios.x')
  t.same(faults({ kind: 'slow-body', delay: '1s', pods: 1, for: '2s' }), [])
  t.match(faults({ kind: 'slow' }), [/args.kind: must be one of reset-accept, /])
  t.match(faults({ kind: 'slow-body', pods: 1, share: 0.5 }), [/"misbehave" takes either pods or share/])
  t.match(faults({ kind: 'slow-body', bytes: 4 }), [/has no use for bytes with the kind slow-body; it takes delay/])
  t.match(faults({ kind: 'server-error', code: 404 }), [/takes a code from 500 to 599 with the kind server-error/])
  t.match(faults({ kind: 'slow-body', delay: 'soon' }), [/args.delay/])
  t.match(
    checkAction(action, { workload: 'shop/web' }, { kind: ['not-found', 'slow-body'], delay: ['1s', '1s'] }, 's.x'),
    [/has no use for delay with the kind not-found; it takes none/],
    'each iteration is judged',
  )
  t.end()
})
