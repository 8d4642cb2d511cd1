// The page of the profile kube-state-metrics, family by family and value by value against the real one's: both of the same cluster,
// ours from its store, the real one's through the simulated API server.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { request } from 'undici'
import { Prng, SystemClock, VirtualClock } from '../../../base/index.ts'
import { peersByName, programsOf } from '../../../harness/peers/index.ts'
import { createApiServer, writeKubeconfig } from '../../../sim/apiserver/index.ts'
import { ObjectStore } from '../../../sim/cluster/index.ts'
import { freePort } from '../targets/fixtures.ts'
import { familiesOf } from './families.ts'
import { fillCluster, registryOf, toldObjects } from './full-cluster.ts'

const ANSWERS_MS_MAX = 30_000
const clock = new SystemClock()

void t.test('the same cluster, told by the real kube-state-metrics and by ours', async t => {
  const [program] = programsOf(peersByName(['kube-state-metrics'])[0]!, process.env)
  if (program === undefined) return t.comment('not tested: there is no kube-state-metrics; npm run peers builds one')
  const virtual = new VirtualClock()
  const store = new ObjectStore(virtual, new Prng('state'))
  fillCluster(virtual, store)
  const api = await createApiServer(clock, store, {
    host: '127.0.0.1',
    port: 0,
    tls: true,
    onInternalError: error => t.fail('internal error', { found: error }),
  })
  t.teardown(() => api.close())
  const kubeconfig = join(t.testdir({}), 'kubeconfig')
  await writeKubeconfig(kubeconfig, api)
  const registry = registryOf(store)
  const ours = familiesOf(registry.page().toString())
  const [port, telemetryPort] = [await freePort(), await freePort()]
  const resources = [...new Set(toldObjects(store).map(({ plural }) => plural))].join(',')
  const real = spawn(
    program,
    ['--kubeconfig', kubeconfig, '--host', '127.0.0.1', '--port', String(port), '--telemetry-host', '127.0.0.1']
      .concat('--telemetry-port', String(telemetryPort))
      .concat('--resources', resources),
    { stdio: 'ignore' },
  )
  t.teardown(async () => {
    real.kill('SIGKILL')
    await once(real, 'exit')
  })
  // It lists kind by kind; what it has not read yet is not on its page.
  const untilNs = clock.monotonicNs() + BigInt(ANSWERS_MS_MAX * 1e6)
  let theirs = new Map<string, unknown>()
  while (theirs.size < ours.size && clock.monotonicNs() < untilNs) {
    await new Promise<void>(resolve => clock.schedule(200, resolve))
    theirs = await request(`http://127.0.0.1:${port}/metrics`).then(
      async ({ body }) => familiesOf(await body.text()),
      () => theirs,
    )
  }
  t.same([...ours.keys()], [...theirs.keys()], 'the same families, in the same order')
  for (const [name, family] of ours) t.same(family, theirs.get(name), name)
  t.ok(ours.size > 190, `${ours.size} families, ${registry.sampleCount} series`)
})
