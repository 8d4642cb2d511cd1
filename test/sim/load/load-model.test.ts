// Pods under load on virtual time: what they share, what that costs them, and what is counted of it.
import * as fc from 'fast-check'
import t from 'tap'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { Deployments, Pods } from '../../../sim/cluster/index.ts'
import { isActive, isReady, type Sim, simulate, workload } from '../controllers/harness.ts'

const IDLE = 0.002e9

function annotate(sim: Sim, name: string, annotations: Record<string, string>): void {
  sim.store.modify<Deployment>(Deployments, 'shop', name, current => {
    const { template } = current.spec!
    const { metadata } = template
    return {
      ...current,
      spec: {
        ...current.spec!,
        template: { ...template, metadata: { ...metadata, annotations: { ...metadata?.annotations, ...annotations } } },
      },
    }
  })
}

/** Nano-cores of each ready pod. */
function cpu(sim: Sim, app: string): number[] {
  return sim
    .pods(app)
    .filter(pod => isReady(pod) && isActive(pod))
    .map(({ metadata }) => sim.cluster.load.usageOf(metadata.uid, sim.clock.elapsedMs)[0]!.cpuNanoCores)
}

void t.test('ready pods share a load evenly, and what it costs is as the template says', async t => {
  const sim = simulate({ nodes: 3 })
  sim.cluster.applyWorkload(workload('web', 4))
  annotate(sim, 'web', {
    'churnbench.io/load-rps': '200',
    'churnbench.io/cpu-per-request': '5m',
    'churnbench.io/cpu-idle': '10m',
    'churnbench.io/memory-base': '100Mi',
    'churnbench.io/memory-per-request': '1Mi',
  })
  sim.clock.advance(30_000)
  t.same(cpu(sim, 'web'), Array(4).fill(0.26e9), '50 requests of 5 ms each and 10 m')
  const [pod] = sim.pods('web')
  const { memoryBytes } = sim.cluster.load.usageOf(pod!.metadata.uid, sim.clock.elapsedMs)[0]!
  t.ok(Math.abs(memoryBytes / 2 ** 20 - 150) < 3, `50 more MiB, and a little wobble: ${memoryBytes}`)
  t.equal(memoryBytes % 4096, 0)

  sim.cluster.scale('shop', 'web', 8)
  sim.clock.advance(30_000)
  t.same(cpu(sim, 'web'), Array(8).fill(0.135e9))
  annotate(sim, 'web', { 'churnbench.io/load-rps': '-3', 'churnbench.io/cpu-per-request': 'much' })
  sim.clock.advance(60_000)
  t.same(cpu(sim, 'web'), Array(8).fill(0.01e9), 'what cannot be read counts as not said')
})

void t.test('a load ramps, can be offered to a Service, and ends with its workload', async t => {
  const sim = simulate({ nodes: 3 })
  sim.cluster.applyWorkload(workload('web', 2))
  const canary = { selector: { app: 'web', deployment: 'canary' }, labels: { app: 'web', deployment: 'canary' } }
  sim.cluster.applyWorkload(workload('canary', 2, { ...canary, service: 'web' }))
  sim.clock.advance(30_000)
  sim.cluster.offerLoad('shop', 'web', 400, 40_000)
  sim.clock.advance(10_000)
  t.same(cpu(sim, 'web'), Array(4).fill(IDLE + 0.025e9), 'a quarter of 400, by four pods behind the Service')
  sim.clock.advance(60_000)
  t.same(cpu(sim, 'web'), Array(4).fill(IDLE + 0.1e9))
  sim.cluster.offerLoad('shop', 'canary', 60, 0)
  t.same(
    cpu(sim, 'web').toSorted((a, b) => a - b),
    [...Array(2).fill(IDLE + 0.1e9), ...Array(2).fill(IDLE + 0.13e9)],
    'its own on top',
  )
  t.throws(() => sim.cluster.offerLoad('shop', 'nothing', 1, 0), {
    message: 'deployments.apps "nothing" not found',
  })

  sim.cluster.deleteWorkload('shop', 'canary')
  sim.clock.advance(60_000)
  t.equal(sim.cluster.load.offeredTo('shop/canary'), 60, 'what was offered by hand waits for it to come back')
  t.same([...sim.cluster.load.podsOf('shop/canary')], [])
})

void t.test('over seeds: all that is offered is worked off, and no counter falls', async t => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.array(fc.record({ do: fc.constantFrom('scale', 'load', 'restart', 'fail', 'recover'), n: fc.nat(12) }), {
        minLength: 2,
        maxLength: 6,
      }),
      (seed, steps) => {
        const sim = simulate({ seed: `load-${seed}`, nodes: 3, keep: false })
        const { load } = sim.cluster
        sim.cluster.applyWorkload(workload('web', 3))
        sim.clock.advance(20_000)
        sim.cluster.offerLoad('shop', 'web', 90, 0)
        const nodes = ['node-0', 'node-1', 'node-2']
        let before = nodes.map(() => 0)
        const containers = new Map<string, number>()
        for (const step of steps) {
          if (step.do === 'scale') sim.cluster.scale('shop', 'web', step.n)
          else if (step.do === 'load') sim.cluster.offerLoad('shop', 'web', step.n * 50, 7_000)
          else if (step.do === 'restart') sim.cluster.restart('shop', 'web')
          else if (step.do === 'fail') sim.cluster.failNode(nodes[step.n % 3]!)
          else sim.cluster.recoverNode(nodes[step.n % 3]!)
          for (let i = 0; i < 40; i++) {
            sim.clock.advance(500)
            const shares = cpu(sim, 'web').map(nanos => nanos - IDLE)
            const offered = load.offeredTo('shop/web') * 1e6
            if (shares.length > 0 && Math.abs(shares.reduce((a, b) => a + b) - offered) > shares.length) return false
            if (new Set(shares).size > 1) return false
            const now = nodes.map(node => load.nodeUsage(node, sim.clock.elapsedMs)!.cpuSeconds)
            if (now.some((seconds, node) => seconds <= before[node]!)) return false
            before = now
            for (const { metadata } of sim.pods('web')) {
              for (const { name, startedMs, cpuSeconds } of load.usageOf(metadata.uid, sim.clock.elapsedMs)) {
                const key = `${metadata.uid}/${name}/${startedMs}`
                if (cpuSeconds < (containers.get(key) ?? 0)) return false
                containers.set(key, cpuSeconds)
              }
            }
          }
        }
        return true
      },
    ),
    { numRuns: 25 },
  )
  t.pass()
})

void t.test('CPU seconds are the integral of the cores, whatever the number of ready pods does meanwhile', async t => {
  const sim = simulate({ nodes: 3 })
  sim.cluster.applyWorkload(workload('web', 2))
  sim.clock.advance(20_000)
  sim.cluster.offerLoad('shop', 'web', 1000, 60_000)
  const { uid } = sim.pods('web')[0]!.metadata
  const usage = (): { cpuSeconds: number; cpuNanoCores: number } =>
    sim.cluster.load.usageOf(uid, sim.clock.elapsedMs)[0]!
  const start = usage().cpuSeconds
  let sum = 0
  for (let ms = 0; ms < 90_000; ms += 10) {
    if (ms === 20_000) sim.cluster.scale('shop', 'web', 6)
    const before = usage().cpuNanoCores
    sim.clock.advance(10)
    // Steps are missed by half of one at most: of a hundred of them a thousandth.
    sum += ((before + usage().cpuNanoCores) / 2e9) * 0.01
  }
  t.ok(Math.abs(usage().cpuSeconds - start - sum) / sum < 1e-3, `${usage().cpuSeconds - start} of ${sum}`)
})

void t.test('a pod that nobody controls is its own workload; one that is gone uses nothing', async t => {
  const sim = simulate({ nodes: 1 })
  sim.cluster.applyWorkload(workload('other', 0))
  sim.store.create<Pod>(Pods, {
    metadata: { namespace: 'shop', name: 'alone', annotations: { 'churnbench.io/load-rps': '100' } },
    spec: {
      containers: [
        { name: 'app', image: 'web:1' },
        { name: 'sidecar', image: 'web:1' },
      ],
    },
  })
  sim.clock.advance(20_000)
  const { uid } = sim.pod('alone').metadata
  const usage = (): number[] =>
    sim.cluster.load.usageOf(uid, sim.clock.elapsedMs).map(({ cpuNanoCores }) => cpuNanoCores)
  t.same(usage(), [IDLE + 0.1e9, IDLE], 'the first container serves')
  const before = sim.cluster.load.nodeUsage('node-0', sim.clock.elapsedMs)!.cpuSeconds
  sim.store.delete(Pods, 'shop', 'alone', { gracePeriodSeconds: 0 })
  t.same(usage(), [])
  t.ok(
    Math.abs(sim.cluster.load.nodeUsage('node-0', sim.clock.elapsedMs)!.cpuSeconds - before) < 1e-9,
    'its node remembers',
  )
})
