import { parentPort, workerData } from 'node:worker_threads'
import { assert, SystemClock } from '../../base/index.ts'
import { capacityProfile, TargetServer, TruthTable } from '../../sim/index.ts'
import type { FromTarget, TargetData } from './messages.ts'

/** One target worker with one pod: what runs behind every pod of a scenario, with a page of another shape. */
assert(parentPort !== null, 'target.worker runs as a worker thread')
const { shape, port } = workerData as TargetData
const clock = new SystemClock()
const profile = capacityProfile(shape)
const server = new TargetServer(clock, new TruthTable(1), { originNs: clock.monotonicNs(), profileOf: () => profile })
await server.open({
  uid: '00000000-0000-4000-8000-000000000000',
  slot: 0,
  address: '127.0.0.1',
  ports: [port],
  profile: profile.name,
  namespace: 'capacity',
  pod: 'capacity',
  node: 'capacity',
  container: 'capacity',
  app: 'capacity',
  seed: 'capacity',
  startedUnixMs: clock.unixMs(),
})
parentPort.postMessage({ type: 'open' } satisfies FromTarget)
