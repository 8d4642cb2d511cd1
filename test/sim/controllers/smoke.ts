import { simulate, workload, isReady } from './harness.ts'
const n = Number(process.argv[2] ?? 20)
const sim = simulate({ nodes: Number(process.argv[3] ?? 5), keep: false })
const clock = sim.clock
const schedule = clock.schedule.bind(clock)
let worst: [number, string][] = []
clock.schedule = (d, fn) => schedule(d, () => {
  const t = process.hrtime.bigint(); fn(); const ms = Number(process.hrtime.bigint() - t) / 1e6
  if (ms > 1.5) worst.push([ms, `${clock.elapsedMs} ${fn.toString().slice(0, 60)}`])
})
for (let round = 0; round < 3; round++) {
  worst = []
  const name = `web${round}`
  const lap = (what: string): void => {
    worst.sort((a, b) => b[0] - a[0])
    console.log(round, what, (process.cpuUsage(c0).user / 1e3).toFixed(0), 'cpu ms rv', sim.store.resourceVersion, 'worst', worst.slice(0, 3).map(([ms, w]) => ms.toFixed(1) + ' ' + w).join(' | '))
    worst = []
    c0 = process.cpuUsage()
  }
  let c0 = process.cpuUsage()
  sim.cluster.applyWorkload(workload(name, n))
  sim.clock.advance(7000)
  lap(`up ${sim.pods().filter(isReady).length}`)
  sim.cluster.restart('shop', name)
  sim.clock.advance(30000)
  lap('rolled')
  sim.cluster.scale('shop', name, 0)
  sim.clock.advance(30000)
  lap('down')
}
