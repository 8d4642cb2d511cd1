import t from 'tap'
import { SystemClock } from '../../base/index.ts'
import { executeTrial } from '../../harness/execute-trial.ts'
import { resolveScenario } from '../../harness/scenario.ts'
import { SCENARIOS } from '../../scenarios/index.ts'

const input = SCENARIOS.find(({ name }) => name === 'control-plane-scale')!

void t.test('the control plane is filled, listed and watched, and every figure is there', async t => {
  const set = [
    'controlPlane.pods=60',
    'controlPlane.podsPerWorkload=25',
    'controlPlane.watchers=2',
    'controlPlane.changes=90',
  ]
  const scenario = resolveScenario(input, { profile: 'smoke', seed: '1', set })
  const { run, ending } = await executeTrial(new SystemClock(), {
    scenario,
    subject: { kind: 'embedded', args: [] },
    outDir: t.testdir({}),
    readyTimeoutMs: 10_000,
    stderr: { write: () => true } as unknown as NodeJS.WriteStream,
    signal: new AbortController().signal,
  })
  t.equal(ending.kind, 'complete')
  t.equal(run.subject.kind, 'control-plane', 'no subject is started')
  for (const name of ['ready_time', 'write_rate', 'list_time', 'list_bytes', 'watch_rate']) {
    const metric = run.metrics[`control_plane_${name}`]
    t.ok(metric !== undefined && 'value' in metric && metric.value > 0, name)
  }
  const bytes = run.metrics.control_plane_list_bytes as { readonly value: number }
  t.ok(bytes.value > 60 * 1000, 'sixty whole pods')
})

void t.test('what cannot be measured beside it is refused', t => {
  const faultsOf = (...set: string[]): string => {
    try {
      resolveScenario(input, { profile: 'smoke', seed: '1', set })
    } catch (error) {
      return (error as Error).message
    }
    return ''
  }
  t.match(faultsOf('controlPlane.pods=100000'), /controlPlane\.pods: 100000 pods do not fit on 20 nodes of 110 pods/)
  t.match(faultsOf('controlPlane.pods=0'), /controlPlane\.pods/)
  t.end()
})
