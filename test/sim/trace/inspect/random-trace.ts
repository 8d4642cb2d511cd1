import { Prng } from '../../../../base/index.ts'
import { type ChurnEvent, TraceState } from '../../../../sim/trace/index.ts'

/** Events that can have happened, and otherwise make no sense: every operation comes, also the rare ones. */
export function randomTrace(seed: string, wanted: number, gapMs: number): ChurnEvent[] {
  const prng = new Prng(seed)
  const state = new TraceState()
  const events: ChurnEvent[] = []
  const pick = <T>(from: readonly T[]): T | undefined => (from.length === 0 ? undefined : from[prng.below(from.length)])
  let t = 0
  let next = 0
  const put = (event: ChurnEvent): void => {
    if (state.apply(event) === undefined) events.push(event)
  }
  for (let i = 0; i < 4; i++) put({ t, kind: 'node', op: 'added', name: `n-${i}` })
  for (let tries = 0; events.length < wanted && tries < wanted * 20; tries++) {
    if (prng.below(3) > 0 && tries > 10) t += prng.below(gapMs + 1)
    const pod = pick([...state.pods.values()])
    const of = pod && ({ t, kind: 'pod', namespace: pod.namespace, name: pod.name, uid: pod.uid } as const)
    switch (prng.below(14)) {
      case 0:
      case 1:
      case 2: {
        const id = next++
        const owner = pick(['ReplicaSet/cart-abc', 'Job/backup-29403120', 'StatefulSet/db', undefined])
        put({
          t,
          kind: 'pod',
          op: 'created',
          namespace: pick(['shop', 'media', 'infra'])!,
          name: `p-${id}`,
          uid: `u-${id}`,
          ...(owner === undefined ? {} : { owner }),
          labels: owner?.startsWith('Rep') === true ? { 'pod-template-hash': 'abc' } : {},
        })
        break
      }
      case 3:
      case 4:
        if (of) put({ ...of, op: 'bound', node: pick([...state.nodes.keys()]) ?? 'none' })
        break
      case 5:
      case 6:
        if (of) put({ ...of, op: 'addressed', address: `10.0.0.${1 + prng.below(12)}` })
        break
      case 7:
      case 8:
        if (of) put({ ...of, op: pod.ready ? 'not-ready' : 'ready' })
        break
      case 9:
        if (of) put({ ...of, op: 'restarted', restarts: pod.restarts + 1 + prng.below(3) })
        break
      case 10:
        if (of) put({ ...of, op: pick(['succeeded', 'failed'] as const)! })
        break
      case 11:
        if (of) put({ ...of, op: pick(['terminating', 'deleted', 'deleted'] as const)! })
        break
      case 12: {
        const name = `n-${prng.below(6)}`
        const op = pick(['failed', 'recovered', 'not-ready', 'ready'] as const)!
        // A node that is added again would have the pods of the one before.
        put({ t, kind: 'node', op: state.nodes.has(name) ? op : 'added', name })
        break
      }
      default:
        put({ t, kind: 'action', op: pick(['scale', 'restart'])!, args: { replicas: 1 + prng.below(9) } })
    }
  }
  return events
}
