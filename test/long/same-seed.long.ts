import t from 'tap'
import { resolveScenario } from '../../harness/scenario.ts'
import { SCENARIOS } from '../../scenarios/index.ts'
import { runVirtually } from '../../sim/index.ts'

const SEEDS = 100
/** Those that befall the cluster, each in its own way. */
const NAMES = ['rollout', 'node-flap', 'rolling-reboot']

/** The same seed gives the same trace, and another seed another one. */
for (const name of NAMES) {
  t.test(`${name}: same seed, same trace, over ${SEEDS} seeds`, async t => {
    const input = SCENARIOS.find(scenario => scenario.name === name)!
    const hashes = new Set<string>()
    for (let seed = 0; seed < SEEDS; seed++) {
      const { cluster, plan, durationMs } = resolveScenario(input, { profile: 'smoke', seed: String(seed), set: [] })
      const run = (): Promise<{ traceSha256: string }> =>
        runVirtually({ seed: String(seed), cluster, plan, durationMs })
      const [first, second] = [await run(), await run()]
      if (first.traceSha256 !== second.traceSha256) t.fail(`seed ${seed} has two traces`)
      hashes.add(first.traceSha256)
    }
    t.equal(hashes.size, SEEDS, 'as many traces as seeds')
  })
}
