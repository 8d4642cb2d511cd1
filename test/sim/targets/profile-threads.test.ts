// Profiles in a worker thread: a learned page travels to it, and a page that changes is counted as it is when it is served.
import t from 'tap'
import { request } from 'undici'
import { SystemClock } from '../../../base/index.ts'
import {
  learnPage,
  learnPages,
  pageAt,
  parsePage,
  profileByName,
  RemoteRuntime,
  TargetPool,
  TruthTable,
} from '../../../sim/targets/index.ts'
import { freePort, specOf, until } from './fixtures.ts'

const CHANGING =
  'synthetic?gauges=2&seriesPerMetric=3&mode=double-halve&seriesChangeInterval=100ms&seriesInterval=100ms'

void t.test('a thread serves what this thread would', async t => {
  const clock = new SystemClock({ unref: true })
  const port = await freePort()
  const truth = new TruthTable(2)
  const pages = { 'from:page': learnPage(parsePage('# TYPE a_total counter\na_total{pod="x"} 5\nb 2.5\n', 'page')) }
  const pool = await TargetPool.start(clock, {
    threads: 1,
    truth: truth.buffer,
    originNs: clock.monotonicNs(),
    pages,
  })
  t.teardown(() => pool.stop())
  const runtime = new RemoteRuntime(pool.controlPorts)
  t.teardown(() => runtime.dispose())
  learnPages(pages)
  for (const [slot, profile] of ['from:page', CHANGING].entries()) {
    const spec = specOf(slot, { slot, profile, ports: [port] })
    await runtime.open(spec)
    const page = profileByName(profile).page(spec)
    let samples = 0
    for (let sequence = 1; sequence <= 3; sequence++) {
      const { body } = await request(`http://${spec.address}:${port}/metrics`)
      const text = await body.text()
      const unixMs = Math.round(Number(/^churnbench_target_time_seconds\S* (\S+)$/m.exec(text)![1]) * 1000)
      t.equal(text, page.render(unixMs, sequence).toString('utf8'))
      samples += pageAt(page, unixMs, 1).sampleCount
    }
    await until(() => truth.read(slot).scrapesServed === 3)
    t.equal(truth.read(slot).samplesServed, samples, 'samples are those of the page that was served')
  }
  await t.rejects(runtime.open(specOf(5, { profile: 'synthetic?gauges=x' })), { code: 'CHURN_PROFILE_OPTIONS' })
})
