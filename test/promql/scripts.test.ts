import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { runScript, type ScriptReport } from './script-runner.ts'

const OWN = path.resolve('test/promql/scripts')
const PEER = path.resolve('../shared/peer-data/prometheus/promqltest')

/** Cases of Prometheus' own suite that pass here. What is left out needs native histograms or is off by default. */
const FLOORS: Readonly<Record<string, number>> = {
  literals: 25,
  operators: 145,
  selectors: 31,
  staleness: 17,
  aggregators: 123,
  functions: 380,
  histograms: 83,
  collision: 2,
  trig_functions: 19,
}

void t.test('our own scripts pass, every case of them', async t => {
  for (const file of readdirSync(OWN).toSorted()) {
    const report = await runScript(file, readFileSync(path.join(OWN, file), 'utf8'))
    t.same(report.failures, [], file)
    t.equal(report.leftOut.size, 0, `${file} leaves nothing out`)
    t.ok(report.passed > 0, `${file} has cases`)
  }
})

void t.test("Prometheus' own suite passes where its features exist here", async t => {
  if (!existsSync(PEER)) {
    t.comment(`${PEER} is not there: the suite was not run`)
    return
  }
  for (const [name, floor] of Object.entries(FLOORS)) {
    const report = await runScript(name, readFileSync(path.join(PEER, `${name}.test`), 'utf8'))
    t.comment(tableRow(report))
    t.same(report.failures, [], name)
    t.ok(report.passed >= floor, `${name}: ${report.passed} of at least ${floor} pass`)
  }
})

function tableRow({ name, passed, failures, leftOut }: ScriptReport): string {
  const left = [...leftOut].map(([what, count]) => `${count} (${what})`).join(', ')
  return `${name.padEnd(16)} passed ${passed}, failed ${failures.length}, left out ${left === '' ? '0' : left}`
}
