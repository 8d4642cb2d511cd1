import t from 'tap'
import { simulate } from './harness.ts'
import { createJob, endPod, getJob, podsOf, saidAbout } from './job-support.ts'

t.test('first', async t => {
  const sim = simulate()
  createJob(sim, 'work', { completions: 2, parallelism: 2 })
  sim.clock.advance(5000)
  console.error(JSON.stringify(getJob(sim, 'work').status))
  for (const pod of podsOf(sim, 'work')) endPod(sim, pod)
  sim.clock.advance(5000)
  console.error(
    JSON.stringify(getJob(sim, 'work').status, null, 1),
    podsOf(sim, 'work').map(p => p.metadata),
    saidAbout(sim, 'work'),
  )
  for (const { atMs, event } of sim.events)
    if (event.resource.kind === 'Job' || event.resource.kind === 'Pod')
      console.error(
        atMs,
        event.type,
        event.resource.kind,
        event.object.metadata.name,
        JSON.stringify((event.object as any).status)?.slice(0, 200),
      )
})
