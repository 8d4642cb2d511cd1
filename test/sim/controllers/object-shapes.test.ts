import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { Pods, type StoreEvent } from '../../../sim/cluster/index.ts'
import { simulate, workload } from './harness.ts'

setFlagsFromString('--allow-natives-syntax')
const haveSameShape = runInNewContext('(a, b) => %HaveSameMap(a, b)') as (a: object, b: object) => boolean

/** The objects within a version of a pod, by their path; maps whose keys are data are not looked at. */
function parts(value: unknown, path: string, out: [path: string, part: object][] = []): [path: string, part: object][] {
  if (Array.isArray(value)) {
    for (const item of value) parts(item, `${path}[]`, out)
  } else if (typeof value === 'object' && value !== null) {
    out.push([path, value])
    for (const [key, inner] of Object.entries(value)) {
      if (key !== 'labels' && key !== 'annotations') parts(inner, `${path}.${key}`, out)
    }
  }
  return out
}

t.test('versions of pods have few hidden classes, however many pods there are', async t => {
  // A hidden class for each object costs more than the object. See base/extended.ts.
  const sim = simulate()
  sim.cluster.applyWorkload(workload('web', 60))
  sim.clock.advance(10_000)
  const events: readonly StoreEvent[] = sim.store.eventsSince(Pods, 0)!
  const shapes = new Map<string, object[]>()
  let count = 0
  for (const { object } of events) {
    for (const [path, part] of parts(object, 'pod')) {
      count++
      const known = shapes.get(path) ?? []
      if (!known.some(other => haveSameShape(other, part))) shapes.set(path, [...known, part])
    }
  }
  t.ok(count > 3000, `${count} objects`)
  for (const [path, { length }] of shapes) t.ok(length <= 10, `${path}: ${length} shapes`)
})
