// Pages that workloads learn from: read once, at the start; what they hold goes with the scenario. Bad ones end the run.
import { createServer } from 'node:http'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { resolveScenario } from '../../harness/scenario.ts'
import type { ScenarioInput, WorkloadInput } from '../../scenarios/index.ts'
import { learnPages, profileByName } from '../../sim/index.ts'

const scenario = (workload: Partial<WorkloadInput>): ScenarioInput => ({
  name: 'learning',
  description: 'What is learned?',
  cluster: { nodes: 1, workloads: { orders: { replicas: 1, ...workload } } },
  scenarios: {},
  duration: '1s',
  settle: '1s',
  scrapeInterval: '1s',
})
const resolve = (workload: Partial<WorkloadInput>): ReturnType<typeof resolveScenario> =>
  resolveScenario(scenario(workload), { profile: 'quick', seed: '1', set: [] })

void t.test('a file, or two of one target, go with the scenario as plain data', async t => {
  const dir = t.testdir({
    'first.prom': '# TYPE a_total counter\na_total 100\n',
    'second.prom': '# TYPE a_total counter\na_total 400\n',
  })
  const [first, second] = [join(dir, 'first.prom'), join(dir, 'second.prom')]
  const one = resolve({ profile: `from:${first}` })
  t.equal(one.cluster.workloads[0]?.profile, `from:${first}`)
  t.match(one.pages[`from:${first}`]?.families, [{ name: 'a_total', samples: [{ mantissa: 100 }] }])
  t.match(Object.keys((one.resolved as { pages: object }).pages), [`from:${first}`], 'the report keeps a hash')

  const two = resolve({ profile: `from:${first},${second}`, profileOptions: { seconds: 15 } })
  const name = `from:${first},${second}?seconds=15`
  t.match(two.pages[name]?.families, [{ samples: [{ perSecond: 20 }] }])
  learnPages(structuredClone(two.pages))
  t.equal(profileByName(name).name, name)

  utimesSync(first, 1000, 1000)
  utimesSync(second, 1000, 1030)
  const timed = resolve({ profile: `from:${first},${second}` })
  t.match(timed.pages[`from:${first},${second}`]?.families, [{ samples: [{ perSecond: 10 }] }])
})

void t.test('a URL is asked twice', async t => {
  // On a thread of its own: the scenario is judged in one go, and this thread waits for it.
  const port = await new Promise<number>((done, failed) => {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads')
       let count = 0
       const server = require('node:http').createServer((request, response) => response.end('# TYPE a_total counter\\na_total ' + 10 * count++ + '\\n'))
       server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
      { eval: true },
    )
    worker.once('message', done)
    worker.once('error', failed)
    t.teardown(() => worker.terminate())
  })
  const url = `from:http://127.0.0.1:${port}/metrics`
  const { pages } = resolve({ profile: url, profileOptions: { seconds: 0.1 } })
  t.match(pages[`${url}?seconds=0.1`]?.families, [{ name: 'a_total', samples: [{ mantissa: 0, perSecond: 100 }] }])
})

void t.test('what cannot be read ends the run before anything is started', async t => {
  const dir = t.testdir({ 'bad.prom': 'a 1\nb{x="1" 2\n', 'good.prom': 'a 1\n' })
  const [bad, good] = [join(dir, 'bad.prom'), join(dir, 'good.prom')]
  const closed = await new Promise<number>(done => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })
  for (const [workload, message] of [
    [{ profile: `from:${bad}` }, /bad\.prom:2: } or , is missing/],
    [{ profile: `from:${join(dir, 'none.prom')}` }, /none\.prom cannot be read: ENOENT/],
    [{ profile: 'from:' }, /not one file or two/],
    [{ profile: `from:${good},${good},${good}` }, /not one file or two/],
    [{ profile: `from:${good},${good}` }, /say how far they lie apart/],
    [{ profile: `from:${good}`, profileOptions: { seconds: 'soon' } }, /seconds must be a number above 0/],
    [{ profile: `from:http://127.0.0.1:${closed}/metrics` }, /cannot be read: .*ECONNREFUSED/],
  ] as const) {
    t.throws(() => resolve(workload), { code: 'CHURN_PROFILE_PAGE', exitCode: 2, message })
  }
})

void t.test('options of a profile are judged with the rest of the scenario', async t => {
  const { cluster } = resolve({ profile: 'synthetic', profileOptions: { gauges: 3, constLabel: ['a=b', 'c=d'] } })
  t.equal(cluster.workloads[0]?.profile, 'synthetic?gauges=3&constLabel=a%3Db&constLabel=c%3Dd')
  t.throws(() => resolve({ profile: 'synthetic', profileOptions: { gagues: 3, labels: 'x' } }), {
    code: 'CHURN_SCENARIO',
    exitCode: 2,
    message: /orders\.profileOptions: gagues: .*did you mean gauges\?\n.*orders\.profileOptions: labels: /,
  })
  t.throws(() => resolve({ profile: 'nope' }), {
    message: /orders\.profile: there is no metric profile "nope"; known are /,
  })
})
