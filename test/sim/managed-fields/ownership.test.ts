import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import fc from 'fast-check'
import type { ManagedFieldsEntry } from 'kubernetes-types/meta/v1.js'
import { afterUpdate, apply, ConflictError, type Workflow } from '../../../sim/managed-fields/index.ts'
import { FieldSet } from '../../../sim/managed-fields/field-set.ts'
import { definitionOfKind, schemaNamed } from '../../../sim/schema/index.ts'

type Json = Record<string, unknown>

const DEPLOYMENT = schemaNamed(definitionOfKind('apps', 'v1', 'Deployment'))
const SERVICE = schemaNamed(definitionOfKind('', 'v1', 'Service'))
const TRACK = { now: '2026-01-01T00:00:00Z', isBuiltIn: true }

function who(manager: string, operation: Workflow['operation'] = 'Apply'): Workflow {
  return { manager, operation, apiVersion: 'apps/v1', subresource: '' }
}

/** An object on which several people work, as a server keeps it. */
class Shared {
  object: Json | undefined
  managedFields: ManagedFieldsEntry[] | undefined
  readonly #schema: typeof DEPLOYMENT

  constructor(schema = DEPLOYMENT) {
    this.#schema = schema
  }

  apply(manager: string, config: Json, force = false): boolean {
    const applied = apply<Json>(this.#schema, this.#live(), config, who(manager), { ...TRACK, force })
    this.object = applied.object
    this.managedFields = applied.managedFields
    return applied.isChanged
  }

  update(manager: string, next: Json): void {
    this.managedFields = afterUpdate(this.#schema, this.#live(), next, who(manager, 'Update'), TRACK)
    this.object = next
  }

  owns(manager: string): unknown {
    return this.managedFields?.find(entry => entry.manager === manager)?.fieldsV1
  }

  #live(): Json | undefined {
    if (this.object === undefined) return undefined
    const { metadata, ...rest } = this.object
    return { ...rest, metadata: { ...(metadata as Json | undefined), managedFields: this.managedFields } }
  }
}

function spec(fields: Json): Json {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: fields }
}

function conflictsOf(fn: () => unknown): string[] {
  try {
    fn()
  } catch (error) {
    if (error instanceof ConflictError)
      return error.conflicts.map(({ workflow, path }) => `${workflow.manager}: ${path}`)
    throw error
  }
  return []
}

void t.test('what is applied is owned, what is no longer applied goes', async t => {
  const web = new Shared()
  web.apply('a', spec({ replicas: 2, paused: true, template: { metadata: { labels: { x: '1', y: '2' } } } }))
  t.same(web.owns('a'), {
    'f:spec': {
      'f:paused': {},
      'f:replicas': {},
      'f:template': { 'f:metadata': { 'f:labels': { 'f:x': {}, 'f:y': {} } } },
    },
  })
  web.apply('a', spec({ replicas: 2, template: { metadata: { labels: { x: '1' } } } }))
  t.same(web.object?.spec, { replicas: 2, template: { metadata: { labels: { x: '1' } } } })
  t.notOk(web.apply('a', spec({ replicas: 2, template: { metadata: { labels: { x: '1' } } } })), 'the same again')
})

void t.test('what somebody else owns is a conflict, unless it is the same or forced', async t => {
  const web = new Shared()
  web.apply('a', spec({ replicas: 2, minReadySeconds: 5 }))
  web.apply('b', spec({ replicas: 2 }))
  t.same(
    conflictsOf(() => web.apply('b', spec({ replicas: 3 }))),
    ['a: .spec.replicas'],
  )
  web.apply('b', spec({ replicas: 3 }), true)
  t.same(web.owns('a'), { 'f:spec': { 'f:minReadySeconds': {} } })
  t.same(web.object?.spec, { replicas: 3, minReadySeconds: 5 })
})

void t.test('a field that two apply stays until both let it go', async t => {
  const web = new Shared()
  web.apply('a', spec({ replicas: 2, paused: true }))
  web.apply('b', spec({ replicas: 2 }))
  web.apply('a', spec({ paused: true }))
  t.same(web.object?.spec, { replicas: 2, paused: true })
  web.apply('b', spec({}))
  t.same(web.object?.spec, { paused: true })
})

void t.test('items of lists with keys are owned one by one, and keep their order', async t => {
  const web = new Shared()
  const containers = (...names: string[]): Json =>
    spec({ template: { spec: { containers: names.map(name => ({ name, image: `${name}:1` })) } } })
  const order = (): unknown =>
    (web.object!.spec as { template: { spec: { containers: Json[] } } }).template.spec.containers.map(
      ({ name }) => name,
    )
  web.apply('a', containers('main', 'log'))
  web.apply('b', containers('proxy'))
  t.same(order(), ['main', 'log', 'proxy'])
  t.same(
    conflictsOf(() => web.apply('b', spec({ template: { spec: { containers: [{ name: 'main', image: 'other' }] } } }))),
    ['a: .spec.template.spec.containers[name="main"].image'],
  )
  web.apply('a', containers('log', 'main'))
  t.same(order(), ['log', 'proxy', 'main'])
  web.apply('a', containers('main'))
  t.same(order(), ['proxy', 'main'], 'the one that nobody applies any more is gone')
})

void t.test('keys that are left out have their default', async t => {
  const service = new Shared(SERVICE)
  service.apply('a', spec({ ports: [{ port: 80, targetPort: 8080 }] }))
  t.same(service.owns('a'), {
    'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:targetPort': {} } } },
  })
  service.apply('b', spec({ ports: [{ port: 80, protocol: 'UDP' }] }))
  t.same((service.object!.spec as { ports: unknown[] }).ports.length, 2)
})

void t.test('lists and maps that are atomic are owned as a whole', async t => {
  const web = new Shared()
  web.apply('a', spec({ selector: { matchLabels: { x: '1' } } }))
  t.same(web.owns('a'), { 'f:spec': { 'f:selector': {} } })
  t.same(
    conflictsOf(() => web.apply('b', spec({ selector: { matchLabels: { y: '1' } } }))),
    ['a: .spec.selector'],
  )
})

void t.test('an update takes what it changes, without asking', async t => {
  const web = new Shared()
  web.apply('a', spec({ replicas: 2, paused: true }))
  web.update('u', { ...web.object, spec: { replicas: 5, paused: true, minReadySeconds: 1 } })
  t.same(web.owns('a'), { 'f:spec': { 'f:paused': {} } })
  t.same(web.owns('u'), { 'f:spec': { 'f:minReadySeconds': {}, 'f:replicas': {} } })
  t.same(
    conflictsOf(() => web.apply('a', spec({ replicas: 2, paused: true }))),
    ['u: .spec.replicas'],
  )
  web.apply('a', spec({ paused: true }))
  t.same(web.object?.spec, { replicas: 5, paused: true, minReadySeconds: 1 }, 'what was taken over stays')
})

void t.test('what was there before anybody applied belongs to a name of its own', async t => {
  const web = new Shared()
  web.object = spec({ replicas: 1, paused: true })
  t.same(
    conflictsOf(() => web.apply('a', spec({ replicas: 2 }))),
    ['before-first-apply: .spec.replicas'],
  )
  web.apply('a', spec({ replicas: 2 }), true)
  t.same(web.owns('before-first-apply'), { 'f:spec': { 'f:paused': {} } })
})

void t.test('what is a struct in the types of a kind is nobody’s; what is none is its writer’s', async t => {
  const web = new Shared()
  const containers = [{ name: 'main', image: 'web' }]
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } }
  const labels = { x: '1' }
  web.update('a', spec({ replicas: 2, strategy, template: { metadata: { labels }, spec: { containers } } }))
  t.same(web.owns('a'), {
    'f:spec': {
      'f:replicas': {},
      'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} }, 'f:type': {} },
      'f:template': {
        'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } },
        'f:spec': {
          'f:containers': { 'k:{"name":"main"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:resources': {} } },
        },
      },
    },
  })
  const fields: Json = { metadata: { name: 'web' }, spec: { size: { x: 1 } } }
  const track = { ...TRACK, isBuiltIn: false }
  t.match(
    afterUpdate(DEPLOYMENT, undefined, fields, who('a', 'Update'), track),
    [{ fieldsV1: { 'f:spec': { '.': {} } } }],
    'of custom resources nothing is there before somebody says it',
  )
})

void t.test('with the last label that goes, the name does not', async t => {
  const web = new Shared()
  web.apply('a', { ...spec({ replicas: 2 }), metadata: { name: 'web', labels: { x: '1' } } })
  web.apply('b', spec({ paused: true }))
  web.apply('a', spec({ replicas: 2 }))
  t.same(web.object?.metadata, { name: 'web' })
  web.apply('a', { ...spec({ replicas: 2 }), metadata: { name: 'web', labels: { x: '1' }, finalizers: ['a.b/c'] } })
  web.apply('a', spec({}))
  t.same(web.object, spec({ paused: true }), 'and nothing empty is left behind')
})

void t.test('what somebody applied as empty stays theirs when its contents go', async t => {
  const web = new Shared()
  const affinity = (podAffinity: Json): Json => spec({ template: { spec: { affinity: { podAffinity } } } })
  const preferred = [{ weight: 1, podAffinityTerm: { topologyKey: 'zone' } }]
  web.apply('a', affinity({}))
  web.apply('b', affinity({ preferredDuringSchedulingIgnoredDuringExecution: preferred }))
  web.apply('b', spec({}))
  const owned = { 'f:spec': { 'f:template': { 'f:spec': { 'f:affinity': { 'f:podAffinity': {} } } } } }
  t.same(web.owns('a'), owned)
})

void t.test('what a client says of who manages what is taken for that', async t => {
  const live = {
    metadata: {
      name: 'web',
      managedFields: [entryOf('kubectl-client-side-apply', 'Update', { 'f:spec': { 'f:replicas': {} } })],
    },
    spec: { replicas: 2 },
  }
  const sent = [entryOf('kubectl', 'Apply', { 'f:spec': { 'f:replicas': {} } })]
  const next = (replicas: number): Json => ({ ...live, spec: { replicas } })
  const update = (options: { readonly sent?: readonly ManagedFieldsEntry[] }, replicas = 2) =>
    afterUpdate(DEPLOYMENT, live, next(replicas), who('editor', 'Update'), { ...TRACK, ...options })
  t.same(update({ sent }), sent, 'as kubectl does when it goes over to server-side apply')
  t.match(update({ sent }, 3), [{ manager: 'editor', operation: 'Update' }])
  t.equal(update({ sent }, 3)!.length, 1)
  t.same(update({ sent: [] }), undefined, 'an empty list forgets all')
  t.same(update({ sent: [{}] }), undefined, 'and so does an empty entry')
  const before = live.metadata.managedFields
  t.same(update({}), before)
  for (const wrong of [{ operation: 'Delete' }, { apiVersion: '' }, { fieldsType: 'FieldsV2' }]) {
    t.same(update({ sent: [{ ...sent[0]!, ...wrong }] }), before, 'what cannot be read is not heard')
  }
})

function entryOf(manager: string, operation: string, fieldsV1: Json): ManagedFieldsEntry {
  return { manager, operation, apiVersion: 'apps/v1', time: TRACK.now, fieldsType: 'FieldsV1', fieldsV1 }
}

void t.test('the oldest updates are put together where there are many', async t => {
  const web = new Shared()
  for (let i = 0; i < 14; i++) web.update(`u${i}`, spec({ template: { metadata: { labels: { ...labelsUpTo(i) } } } }))
  t.equal(web.managedFields?.length, 10)
  t.ok(web.owns('ancient-changes'))
})

function labelsUpTo(n: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: n + 1 }, (_, i) => [`l${i}`, 'x']))
}

const path = fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"name":"c"}', 'v:"d"'), { minLength: 1, maxLength: 3 })
const paths = fc.array(path, { maxLength: 8 })

function setOf(all: readonly (readonly string[])[]): FieldSet {
  const set = new FieldSet()
  for (const one of all) set.insert(one)
  return set
}

function asText(set: FieldSet): string {
  return JSON.stringify(set.toJson())
}

void t.test('field sets are sets of paths', async () => {
  const key = (one: readonly string[]): string => one.join('|')
  fc.assert(
    fc.property(paths, paths, (a, b) => {
      const inB = new Set(b.map(key))
      const same = (set: FieldSet, expected: readonly (readonly string[])[]): boolean =>
        asText(set) === asText(setOf(expected))
      return (
        same(setOf(a).union(setOf(b)), [...a, ...b]) &&
        same(
          setOf(a).difference(setOf(b)),
          a.filter(one => !inB.has(key(one))),
        ) &&
        same(
          setOf(a).intersection(setOf(b)),
          a.filter(one => inB.has(key(one))),
        ) &&
        asText(FieldSet.parse(setOf(a).toJson())) === asText(setOf(a))
      )
    }),
  )
})

const labels = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.constantFrom('1', '2'), {
  minKeys: 1,
  noNullPrototype: true,
})
const config = fc
  .record({ replicas: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }), labels })
  .map(({ replicas, labels }) =>
    spec({ ...(replicas === undefined ? {} : { replicas }), template: { metadata: { labels } } }),
  )

void t.test('whoever applies by force has what it applied, and applying it again changes nothing', async () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), config), { minLength: 1, maxLength: 6 }), steps => {
      const web = new Shared()
      for (const [manager, wanted] of steps) {
        web.apply(manager, wanted, true)
        const { replicas, template } = wanted.spec as { replicas?: number; template: { metadata: { labels: Json } } }
        const now = web.object?.spec as { replicas?: number; template?: { metadata?: { labels?: Json } } }
        if (replicas !== undefined && now.replicas !== replicas) return false
        const there = now.template?.metadata?.labels ?? {}
        if (!Object.entries(template.metadata.labels).every(([name, value]) => there[name] === value)) return false
        const before = structuredClone([web.object, web.managedFields])
        if (web.apply(manager, wanted) || !isDeepStrictEqual([web.object, web.managedFields], before)) return false
      }
      // When all let go, nothing of theirs is left.
      for (const manager of ['a', 'b', 'c']) web.apply(manager, { metadata: { name: 'web' } })
      const left = (web.object?.spec ?? {}) as Json
      return left.replicas === undefined
    }),
  )
})
