import { readFileSync } from 'node:fs'
import t from 'tap'
import { misbehaviourPage } from '../../harness/docs/misbehaviour-page.ts'
import { profilePage } from '../../harness/docs/profile-page.ts'
import { scenarioPage } from '../../harness/docs/scenario-page.ts'
import { FIELDS } from '../../harness/docs/scenario-text.ts'
import { podBounds } from '../../harness/pod-bounds.ts'
import { SCENARIO_SCHEMA } from '../../harness/scenario-schema.ts'
import { resolveScenario } from '../../harness/scenario.ts'
import { MISBEHAVIOURS } from '../../sim/index.ts'
import { sawTooth, SCENARIOS, steps, triangle, waves } from '../../scenarios/index.ts'

/** Reads from the root of the checkout. */
const PAGE = readFileSync('docs/scenarios.md', 'utf8')

t.test('docs/scenarios.md is what scenarios, executors and actions are now', t => {
  t.ok(
    scenarioPage(SCENARIOS) === PAGE,
    'out of date: npm run build && node build/scripts/scenario-docs.js, then read the diff',
  )
  t.end()
})

t.test('docs/profiles.md is what profiles and their options are now', t => {
  t.ok(profilePage() === readFileSync('docs/profiles.md', 'utf8'), 'out of date: npm run docs, then read the diff')
  t.end()
})

t.test('docs/misbehaviour.md is what the catalogue is now, and the scenario about it plays all of it', t => {
  t.ok(
    misbehaviourPage() === readFileSync('docs/misbehaviour.md', 'utf8'),
    'out of date: npm run build && node build/scripts/scenario-docs.js, then read the diff',
  )
  const input = SCENARIOS.find(({ name }) => name === 'misbehaving-targets')!
  const { plan, cluster } = resolveScenario(input, { profile: 'smoke', seed: '1', set: [] })
  const played = plan.filter(({ action }) => action === 'misbehave').map(({ args }) => args)
  t.same(
    played,
    MISBEHAVIOURS.map(({ name }) => ({ for: '13s', kind: name, workload: `bad/${name}` })),
  )
  t.ok(played.every(({ workload }) => cluster.workloads.some(({ name }) => workload === `bad/${name}`)))
  t.end()
})

t.test('every field of a scenario is described', t => {
  const described = FIELDS.map(([field, meaning]) => `${field} ${meaning}`).join(' ')
  const executors = PAGE.slice(PAGE.indexOf('## Executors'), PAGE.indexOf('## Actions'))
  const undescribed: string[] = []
  const look = (schema: object, path: string): void => {
    const { properties = {}, additionalProperties, items } = schema as Record<string, object | undefined>
    for (const [name, inner] of Object.entries(properties) as [string, object][]) {
      const word = new RegExp(`\\b${name}\\b`)
      if (!word.test(described) && !word.test(executors)) undescribed.push(`${path}.${name}`)
      look(inner, `${path}.${name}`)
    }
    for (const inner of [additionalProperties, items]) if (typeof inner === 'object') look(inner, `${path}.<name>`)
  }
  look(SCENARIO_SCHEMA, '')
  t.same(undescribed, [])
  t.end()
})

t.test('sizes keep their promises: smoke is short, ci fits sixteen trials on two cores, gates are few', t => {
  for (const input of SCENARIOS) {
    t.match(input.description, /^[^.]+[.?]$/, `${input.name}: one sentence`)
    const sized = (profile: 'smoke' | 'quick' | 'ci' | 'nightly') =>
      resolveScenario(input, { profile, seed: '1', set: [] })
    if (input.controlPlane !== undefined) {
      // No monitor, no planned time: its size is the number of pods.
      const pods = (profile: Parameters<typeof sized>[0]): number => sized(profile).controlPlane?.pods ?? 0
      t.ok(pods('smoke') <= 1000 && pods('ci') <= 5000, `${input.name} is small in smoke and ci`)
      t.ok(pods('nightly') > pods('quick'), `${input.name} nightly is larger than quick`)
      continue
    }
    if (input.targetCapacity !== undefined) {
      // Its size is how long each of three servers is read.
      const readMs = (profile: Parameters<typeof sized>[0]): number => {
        const { turns, turnMs } = sized(profile).targetCapacity!
        return 3 * turns * turnMs
      }
      t.ok(readMs('smoke') <= 2_000 && readMs('ci') <= 6_000, `${input.name} is short in smoke and ci`)
      t.ok(readMs('nightly') > readMs('quick'), `${input.name} nightly is longer than quick`)
      continue
    }
    const lengthMs = (profile: Parameters<typeof sized>[0]): number =>
      sized(profile).durationMs + sized(profile).settleMs
    t.ok(lengthMs('smoke') <= 25_000, `${input.name} smoke takes ${lengthMs('smoke')} ms`)
    t.ok(lengthMs('quick') <= 70_000, `${input.name} quick takes ${lengthMs('quick')} ms`)
    t.ok(lengthMs('ci') <= 20_000, `${input.name} ci takes ${lengthMs('ci')} ms`)
    t.ok(lengthMs('nightly') > lengthMs('quick'), `${input.name} nightly is longer than quick`)
    t.ok(podBounds(sized('ci')).atOnce <= 400, `${input.name} ci has up to ${podBounds(sized('ci')).atOnce} pods`)
    // Eight paired blocks support so many at 5 % together.
    const gates = Object.values(sized('ci').gates).flat().length
    t.ok(gates <= 6, `${input.name} has ${gates} gates`)
    if (input.search === undefined) t.ok(gates > 0, `${input.name} has gates`)
    for (const metric of input.search === undefined ? ['targets_missed', 'samples_lost', 'samples_wrong'] : []) {
      t.ok(Object.hasOwn(sized('quick').thresholds, metric), `${input.name} says what must not happen: ${metric}`)
    }
  }
  t.end()
})

t.test('pods that are wanted fit on the nodes, whatever the profile', t => {
  for (const input of SCENARIOS) {
    for (const profile of ['smoke', 'quick', 'ci', 'nightly'] as const) {
      const { cluster, plan, search } = resolveScenario(input, { profile, seed: '1', set: [] })
      const room = cluster.nodes * cluster.podsPerNodeMax
      t.ok(Math.max(podBounds({ cluster, plan }).atOnce, search?.to ?? 0) <= room, `${input.name} ${profile}`)
    }
  }
  t.end()
})

t.test('shapes are what their names say', t => {
  t.same(steps(10, 40, 4), [10, 20, 30, 40])
  t.same(steps(40, 0, 3), [40, 20, 0])
  t.same(steps(1, 9, 1), [9])
  t.same(sawTooth(10, 100, 4), [10, 40, 70, 100])
  t.same(triangle(6, 24, 4), [6, 12, 18, 24, 18, 12])
  t.same(waves(3), ['region-1a', 'region-1b', 'region-1c'])
  t.end()
})
