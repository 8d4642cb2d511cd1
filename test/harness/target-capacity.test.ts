import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { SystemClock } from '../../base/index.ts'
import { executeTrial } from '../../harness/execute-trial.ts'
import { resolveScenario } from '../../harness/scenario.ts'
import { readBodies } from '../../harness/target-capacity/body-reader.ts'
import { SCENARIOS } from '../../scenarios/index.ts'

const input = SCENARIOS.find(({ name }) => name === 'target-capacity')!

void t.test('a target worker is read beside its peers, and every figure is there', async t => {
  const set = ['metrics=4', 'seriesPerMetric=30', 'turns=2', 'turn="200ms"'].map(field => `targetCapacity.${field}`)
  const scenario = resolveScenario(input, { profile: 'smoke', seed: '1', set })
  const told: string[] = []
  const { run, ending, warnings, seriesPerPod } = await executeTrial(new SystemClock(), {
    scenario,
    subject: { kind: 'embedded', args: [] },
    outDir: t.testdir({}),
    readyTimeoutMs: 10_000,
    stderr: { write: (text: string) => told.push(text) } as unknown as NodeJS.WriteStream,
    signal: new AbortController().signal,
  })
  t.equal(ending.kind, 'complete')
  t.equal(run.subject.kind, 'target-worker', 'no subject is started')
  t.equal(seriesPerPod, 4 * 30 + 2)
  const valueOf = (name: string): number =>
    (run.metrics[name] as { readonly value: number } | undefined)?.value ?? Number.NaN
  const own = valueOf('target_serve_rate')
  t.ok(own > 0)
  const missing = warnings.filter(({ code }) => code === 'peer-missing').map(({ message }) => message)
  t.notOk(
    missing.some(message => message.startsWith('prom-client')),
    'a checkout has it',
  )
  for (const server of ['prom-client', 'avalanche']) {
    if (missing.some(message => message.startsWith(server))) continue
    t.equal(valueOf(`target_serve_ratio{server=${server}}`), own / valueOf(`target_serve_rate{server=${server}}`))
  }
  t.match(told.join(''), /turn 1 of 2, churnbench: .*turn 2 of 2, prom-client: .*turn 2 of 2, churnbench: /s)
})

void t.test('the reader counts what came, with a length or in chunks', async t => {
  for (const isChunked of [false, true]) {
    const server = createServer((_, response) => {
      const body = `# HELP a b\n${'a{b="0"} 1\n'.repeat(5_000)}`
      if (!isChunked) response.setHeader('Content-Length', body.length)
      response.write(body.slice(0, 777))
      response.end(body.slice(777))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const turn = await readBodies(new SystemClock(), port, 100)
    server.closeAllConnections()
    server.close()
    t.equal(turn.samplesFirst, 5_000)
    t.equal(turn.samplesLast, 5_000)
    t.ok(turn.bodies > 0 && turn.seconds >= 0.1)
    t.ok(turn.bytes > turn.bodies * 50_000)
  }
})

void t.test('a server that goes away is told', async t => {
  const server = createServer((_, response) => response.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await t.rejects(readBodies(new SystemClock(), port, 100), /ended before|ECONNRESET/)
  server.close()
})

void t.test('what cannot be measured is refused', async t => {
  const faultsOf = (...set: string[]): string => {
    try {
      resolveScenario(input, { profile: 'smoke', seed: '1', set })
    } catch (error) {
      return (error as Error).message
    }
    return ''
  }
  t.match(faultsOf('targetCapacity.turn="10ms"'), /targetCapacity\.turn: must be at least 200ms/)
  t.match(faultsOf('targetCapacity.turns=0'), /targetCapacity\.turns/)
  t.match(faultsOf('targetCapacity.metrics=9999', 'targetCapacity.seriesPerMetric=9999'), /at most 1000000 samples/)
})
