import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { type Clock, describeError, ExitCode, spawnWorker } from '../../base/index.ts'
import type { MetricValue, Warning } from '../../reports/index.ts'
import { ownRun } from '../own-run.ts'
import { HarnessError, interruptedEarly } from '../errors.ts'
import type { TrialOutcome, TrialSetup } from '../execute-trial.ts'
import { peersByName, programsOf } from '../peers/index.ts'
import { freePort } from '../subjects/free-port.ts'
import type { FromReader, FromTarget, TargetData, ToReader } from './messages.ts'

const TARGET_WORKER = new URL('./target.worker.js', import.meta.url)
const READER_WORKER = new URL('./reader.worker.js', import.meta.url)
const PROM_CLIENT = fileURLToPath(new URL('./prom-client.js', import.meta.url))

/** A page that one of them makes may have so many samples more than that of another: a pod's own two. */
const SAMPLES_APART_MAX = 10

/** Somebody who serves a page, ready to be read. */
interface Server {
  readonly name: string
  readonly port: number
  stop(): Promise<unknown>
}

/**
 * Measures what one target worker can serve, beside others who serve a page of the same shape on the same machine: each in
 * turn is read by the same reader over one connection, while the others do nothing.
 *
 *   turn 1: ours, prom-client, avalanche · turn 2: prom-client, avalanche, ours · …
 *
 * A peer that is not there is left out, and the report says so.
 *
 * @throws HarnessError CHURN_SIM_FAILED
 */
export async function executeTargetCapacity(
  clock: Clock,
  { scenario, stderr, signal }: Pick<TrialSetup, 'scenario' | 'stderr' | 'signal'>,
): Promise<TrialOutcome> {
  const startedAt = new Date(clock.unixMs()).toISOString()
  const startedNs = clock.monotonicNs()
  const { turns, turnMs, ...shape } = scenario.targetCapacity!
  const warnings: Warning[] = []
  const servers: Server[] = []
  const reader = spawnWorker(READER_WORKER)
  try {
    servers.push(await startOwn(shape))
    for (const [name, start] of PEER_STARTS) {
      const peer = await start(shape.metrics, shape.seriesPerMetric)
      if (typeof peer === 'string')
        warnings.push({ code: 'peer-missing', message: `${name} was not measured: ${peer}` })
      else servers.push(peer)
    }
    const turnsOf = new Map<string, Extract<FromReader, { type: 'read' }>[]>(servers.map(({ name }) => [name, []]))
    for (let turn = 0; turn < turns; turn++) {
      const order = servers.map((_, i) => servers[(i + turn) % servers.length]!)
      for (const { name, port } of order) {
        signal.throwIfAborted()
        const read = await ask(reader, { port, forMs: turnMs })
        turnsOf.get(name)!.push(read)
        stderr.write(`turn ${turn + 1} of ${turns}, ${name}: ${millions(rateOf(read))} million samples/s\n`)
      }
    }
    return {
      run: await ownRun(
        'target-worker',
        startedAt,
        Number(clock.monotonicNs() - startedNs) / 1e9,
        scenario.sha256,
        figures(turnsOf, shape.metrics * shape.seriesPerMetric),
      ),
      ending: { kind: 'complete' },
      warnings,
      seriesPerPod: turnsOf.get(OWN)![0]!.samplesFirst,
    }
  } catch (error) {
    if (signal.aborted) throw interruptedEarly(signal)
    throw error
  } finally {
    await Promise.all([reader.terminate(), ...servers.map(server => server.stop())])
  }
}

const OWN = 'churnbench'

/** Each says why it cannot be had, or serves. */
const PEER_STARTS: readonly (readonly [
  string,
  (metrics: number, seriesPerMetric: number) => Promise<Server | string>,
])[] = [
  ['prom-client', startPromClient],
  ['avalanche', startAvalanche],
]

async function startOwn(shape: TargetData['shape']): Promise<Server> {
  const port = await freePort()
  const worker = spawnWorker(TARGET_WORKER, { workerData: { shape, port } satisfies TargetData })
  const failed = once(worker, 'error').then(([error]) => Promise.reject(failure((error as Error).message)))
  failed.catch(() => {})
  await Promise.race([once(worker, 'message') as Promise<[FromTarget]>, failed])
  return { name: OWN, port, stop: () => worker.terminate() }
}

function startPromClient(metrics: number, seriesPerMetric: number): Promise<Server | string> {
  const child = spawn(process.execPath, [PROM_CLIENT, String(metrics), String(seriesPerMetric)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  return served('prom-client', child, 'it is a development dependency; run in a checkout after npm install')
}

function startAvalanche(metrics: number, seriesPerMetric: number): Promise<Server | string> {
  const [program] = programsOf(peersByName(['avalanche'])[0]!, process.env)
  if (program === undefined) {
    return Promise.resolve('npm run peers -- --install --only avalanche builds it with Go')
  }
  const args = {
    'counter-metric-count': Math.ceil(metrics / 2),
    'gauge-metric-count': Math.floor(metrics / 2),
    'series-count': seriesPerMetric,
    'label-count': 1,
  }
  const child = spawn(
    program,
    Object.entries(args).map(([name, value]) => `--${name}=${value}`),
    { stdio: ['pipe', 'pipe', 'ignore'] },
  )
  return served('avalanche', child, `${program} ended at once`)
}

/** The first line that it prints ends in its port. */
async function served(name: string, child: ChildProcess, otherwise: string): Promise<Server | string> {
  const exited = new Promise<void>(resolve => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const lines = createInterface({ input: child.stdout! })
  const line = await Promise.race([once(lines, 'line') as Promise<[string]>, exited])
  const port = Number(/(\d+)\s*$/.exec(line?.[0] ?? '')?.[1])
  if (!(port > 0)) {
    child.kill('SIGKILL')
    return otherwise
  }
  const stop = (): Promise<void> => {
    child.kill('SIGKILL')
    return exited
  }
  return { name, port, stop }
}

async function ask(reader: Worker, message: ToReader): Promise<Extract<FromReader, { type: 'read' }>> {
  reader.postMessage(message)
  const [answer] = (await once(reader, 'message')) as [FromReader]
  if (answer.type === 'failed') throw failure(answer.message)
  return answer
}

function failure(message: string): HarnessError {
  return new HarnessError('CHURN_SIM_FAILED', describeError(message), { exitCode: ExitCode.internal })
}

function rateOf({ bodies, samplesFirst, seconds }: Extract<FromReader, { type: 'read' }>): number {
  return (bodies * samplesFirst) / seconds
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return (sorted[Math.floor(middle - 0.5 + 0.5 * (sorted.length % 2))]! + sorted[Math.floor(middle)]!) / 2
}

function millions(value: number): string {
  return (value / 1e6).toFixed(2)
}

/** Medians over the turns, and ratios of them. @throws HarnessError when a page is not what was asked for. */
function figures(
  turnsOf: ReadonlyMap<string, readonly Extract<FromReader, { type: 'read' }>[]>,
  samples: number,
): Record<string, MetricValue> {
  const out: Record<string, MetricValue> = {}
  const own = median(turnsOf.get(OWN)!.map(rateOf))
  for (const [name, turns] of turnsOf) {
    for (const { samplesFirst, samplesLast } of turns) {
      if (samplesFirst !== samplesLast || Math.abs(samplesFirst - samples) > SAMPLES_APART_MAX) {
        throw failure(`${name} served ${samplesFirst} and ${samplesLast} samples where ${samples} were asked for`)
      }
    }
    const rate = median(turns.map(rateOf))
    const bytes = median(turns.map(turn => turn.bytes / turn.seconds))
    const suffix = name === OWN ? '' : `{server=${name}}`
    out[`target_serve_rate${suffix}`] = { value: rate }
    out[`target_serve_bytes_rate${suffix}`] = { value: bytes }
    if (name !== OWN) out[`target_serve_ratio${suffix}`] = { value: own / rate }
  }
  return out
}
