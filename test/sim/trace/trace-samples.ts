import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TraceState } from '../../../sim/trace/index.ts'
import { type ChurnEvent, TraceReader, type TraceReaderOptions, TraceWriter } from '../../../sim/trace/index.ts'

export const ORIGIN = { source: { kind: 'generated' }, targets: 'all' } as const

export interface ReadTrace {
  readonly reader: TraceReader
  readonly events: ChurnEvent[]
}

/** A folder for the files of one test file, and what is written and read there. */
export class TraceFolder {
  readonly dir = mkdtempSync(join(tmpdir(), 'churnbench-trace-'))

  path(name: string): string {
    return join(this.dir, name)
  }

  /** @throws when an event is refused */
  async write(
    name: string,
    events: readonly ChurnEvent[],
    { finish = true, flushEach = Number.POSITIVE_INFINITY } = {},
  ): Promise<string> {
    const path = this.path(name)
    const writer = TraceWriter.create(path, ORIGIN, { live: true, force: true })
    for (const [i, event] of events.entries()) {
      const fault = writer.write(event)
      if (fault !== undefined) throw new Error(`${JSON.stringify(event)}: ${fault}`)
      if ((i + 1) % flushEach === 0) await writer.flush()
    }
    if (finish) {
      await writer.finish()
    } else {
      await writer.flush()
      writer.abort()
    }
    return path
  }

  async read(path: string, options: TraceReaderOptions = {}): Promise<ReadTrace> {
    return readTrace(path, options)
  }

  /** Bytes as a file of a name that was not there. */
  file(bytes: Buffer | string): string {
    const path = this.path(randomBytes(6).toString('hex'))
    writeFileSync(path, bytes)
    return path
  }
}

export async function readTrace(path: string, options: TraceReaderOptions = {}): Promise<ReadTrace> {
  const reader = await TraceReader.open(path, options)
  const events: ChurnEvent[] = []
  for await (const batch of reader.batches()) events.push(...batch)
  return { reader, events }
}

/** A short life of a small cluster, every kind of event in it. */
export function smallTrace(): ChurnEvent[] {
  const workload = { kind: 'workload', namespace: 'shop', name: 'cart', type: 'Deployment' } as const
  const pod = { kind: 'pod', namespace: 'shop', name: 'cart-1', uid: 'uid-1' } as const
  const node = { kind: 'node', name: 'n-0' } as const
  return [
    { t: 0, ...node, op: 'added', labels: { zone: 'a' } },
    { t: 5, ...workload, op: 'applied', replicas: 1, labels: { app: 'cart' }, containers: [] },
    {
      t: 5,
      kind: 'service',
      op: 'applied',
      namespace: 'shop',
      name: 'cart',
      selector: { app: 'cart' },
      ports: [{ port: 80 }],
    },
    {
      t: 10,
      ...pod,
      op: 'created',
      owner: 'ReplicaSet/cart-5',
      labels: { app: 'cart' },
      containers: [{ name: 'main', ports: [{ port: 80 }] }],
    },
    { t: 12, ...pod, op: 'bound', node: 'n-0' },
    { t: 500, ...pod, op: 'addressed', address: '10.0.0.2' },
    { t: 700, ...pod, op: 'ready' },
    { t: 800, kind: 'action', op: 'fail-node', args: { node: 'n-0', seconds: 1.5 } },
    { t: 800, ...node, op: 'failed' },
    { t: 900, ...node, op: 'not-ready', reason: 'NodeStatusUnknown' },
    { t: 900, ...pod, op: 'not-ready' },
    { t: 950, ...pod, op: 'terminating', graceS: 30 },
    { t: 980, ...pod, op: 'deleted' },
    { t: 990, ...node, op: 'removed' },
    { t: 999, ...workload, op: 'deleted' },
  ]
}

/** What there is, in order, without the times of creation, which a state does not tell. */
export function snapshot(state: TraceState): unknown {
  return structuredClone({
    nodes: [...state.nodes.values()],
    workloads: [...state.workloads.values()],
    services: [...state.services.values()],
    pods: [...state.pods.values()].map(pod => ({ ...pod, createdMs: 0 })),
  })
}
