import type { Pod } from 'kubernetes-types/core/v1.js'
import { Agent, request } from 'undici'
import { SystemClock } from '../../../base/index.ts'
import { resolveScenario } from '../../../harness/scenario.ts'
import { Simulation } from '../../../harness/simulation.ts'
import type { ScenarioInput } from '../../../scenarios/index.ts'

export const clock = new SystemClock()

type Workloads = ScenarioInput['cluster']['workloads']

export interface World {
  readonly simulation: Simulation
  /** The test's own folder. */
  readonly dir: string
  pods(): Promise<Pod[]>
  /** What `kubectl logs` shows. */
  log(pod: Pod, container: string, more?: string): Promise<string>
  /** Deletes it as a client does. */
  remove(pod: Pod): Promise<void>
  /** Waits until the pods are so, be it for one version of one of them; fails by the test's time-out. */
  until(isSo: (pods: readonly Pod[]) => boolean): Promise<Pod[]>
}

/** A cluster of these workloads in real time, without a warm-up. Nothing of it is left after the test. */
export async function startWorld(
  t: { teardown(fn: () => unknown): void; testdir(): string },
  workloads: Workloads,
): Promise<World> {
  const scenario = resolveScenario(
    {
      name: 'processes',
      description: 'for tests',
      cluster: {
        nodes: 1,
        workloads,
        timings: {
          schedule: ['1ms', '1ms'],
          start: ['20ms', '1ms'],
          ready: ['10ms', '1ms'],
          terminate: ['20ms', '1ms'],
        },
      },
      scenarios: {},
      duration: '1s',
      settle: '0s',
      scrapeInterval: '1s',
    },
    { profile: 'quick', seed: '1', set: [] },
  )
  // Asked for once: every call empties it.
  const dir = t.testdir()
  const simulation = await Simulation.create(clock, {
    scenario,
    originNs: clock.monotonicNs(),
    kubeconfigPath: `${dir}/kubeconfig`,
    endless: true,
    onEvents: () => {},
    onFailure: error => {
      throw error
    },
  })
  const { url, token, caPem } = simulation.api
  const dispatcher = new Agent({ connect: { ca: caPem } })
  t.teardown(async () => {
    await dispatcher.destroy()
    await simulation.stop()
  })
  await simulation.go()
  const call = async (method: 'GET' | 'DELETE', path: string): Promise<string> => {
    const headers = { authorization: `Bearer ${token}` }
    const { body } = await request(`${url}${path}`, { method, dispatcher, headers })
    return body.text()
  }
  const pathOf = ({ metadata }: Pod): string => `/api/v1/namespaces/${metadata?.namespace}/pods/${metadata?.name}`
  const pods = async (): Promise<Pod[]> => (JSON.parse(await call('GET', '/api/v1/pods')) as { items: Pod[] }).items
  const watched = new Map<string, Pod>()
  const waiting = new Set<() => void>()
  const look = (): void => {
    for (const each of waiting) each()
  }
  const watch = await request(`${url}/api/v1/pods?watch=1`, {
    dispatcher,
    headers: { authorization: `Bearer ${token}` },
    bodyTimeout: 0,
  })
  let rest = ''
  watch.body.setEncoding('utf8')
  watch.body.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const { type, object } = JSON.parse(line) as { type: string; object: Pod }
      watched.set(object.metadata!.uid!, object)
      look()
      if (type !== 'DELETED') continue
      watched.delete(object.metadata!.uid!)
      look()
    }
  })
  // The end of the test is the end of the connection.
  watch.body.on('error', () => {})
  return {
    simulation,
    dir,
    pods,
    log: (pod, container, more = '') => call('GET', `${pathOf(pod)}/log?container=${container}${more}`),
    async remove(pod) {
      await call('DELETE', pathOf(pod))
    },
    until: isSo =>
      new Promise(resolve => {
        const check = (): void => {
          const found = [...watched.values()]
          if (!isSo(found)) return
          waiting.delete(check)
          resolve(found)
        }
        waiting.add(check)
        check()
      }),
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => clock.schedule(ms, resolve))
}

export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false
}
