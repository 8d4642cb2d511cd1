import * as fc from 'fast-check'
import t from 'tap'
import type { JsonObject } from '../../../sim/apiserver/json.ts'
import { schemaOf } from '../../../sim/apiserver/schemas.ts'
import { strategicMerge } from '../../../sim/apiserver/strategic-merge.ts'
import { Deployments, Nodes, Pods, Services } from '../../../sim/cluster/index.ts'

const pods = schemaOf(Pods)

function spec(current: object, patch: object, schema = pods): unknown {
  return strategicMerge({ spec: current }, { spec: patch }, schema).spec
}

void t.test('lists are merged by their keys', async t => {
  const current = {
    containers: [
      { name: 'a', image: '1', env: [{ name: 'X', value: '1' }], ports: [{ containerPort: 80, name: 'http' }] },
      { name: 'b', image: '1' },
    ],
    tolerations: [{ key: 'x' }],
  }
  t.same(
    spec(current, {
      containers: [
        { name: 'b', image: '2' },
        {
          name: 'a',
          env: [{ name: 'Y', value: '2' }],
          ports: [{ containerPort: 80, name: 'web' }, { containerPort: 81 }],
        },
        { name: 'c', image: '1' },
      ],
      tolerations: [{ key: 'y' }],
    }),
    {
      containers: [
        {
          name: 'a',
          image: '1',
          env: [
            { name: 'X', value: '1' },
            { name: 'Y', value: '2' },
          ],
          ports: [{ containerPort: 80, name: 'web' }, { containerPort: 81 }],
        },
        { name: 'b', image: '2' },
        { name: 'c', image: '1' },
      ],
      tolerations: [{ key: 'y' }],
    },
    'and replaced where Kubernetes replaces them',
  )
  t.same(spec({ ports: [{ port: 80, targetPort: 1 }] }, { ports: [{ port: 80, nodePort: 3 }] }, schemaOf(Services)), {
    ports: [{ port: 80, targetPort: 1, nodePort: 3 }],
  })
  const conditions = {
    status: {
      conditions: [
        { type: 'Ready', status: 'True', reason: 'r' },
        { type: 'DiskPressure', status: 'False' },
      ],
    },
  }
  t.same(
    strategicMerge(conditions, { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }, schemaOf(Nodes)),
    {
      status: {
        conditions: [
          { type: 'Ready', status: 'Unknown', reason: 'r' },
          { type: 'DiskPressure', status: 'False' },
        ],
      },
    },
  )
})

void t.test('directives', async t => {
  const current = {
    containers: [
      { name: 'a', image: '1' },
      { name: 'b', image: '1' },
    ],
    nodeSelector: { x: '1', y: '2' },
  }
  t.same(spec(current, { containers: [{ name: 'a', $patch: 'delete' }] }), {
    ...current,
    containers: [{ name: 'b', image: '1' }],
  })
  t.same(spec(current, { containers: [{ $patch: 'replace' }, { name: 'z' }] }), {
    ...current,
    containers: [{ name: 'z' }],
  })
  t.same(spec(current, { containers: [{ name: 'a', $patch: 'replace', image: '3' }, { name: 'c' }] }), {
    ...current,
    containers: [{ name: 'c' }],
  })
  t.same(spec(current, { nodeSelector: { $patch: 'replace', z: '3' } }), { ...current, nodeSelector: { z: '3' } })
  t.same(spec(current, { nodeSelector: { $patch: 'delete' } }), { ...current, nodeSelector: {} })
  t.same(spec(current, { nodeSelector: null }), { containers: current.containers })
  t.same(spec(current, { nodeSelector: { x: null, z: '3' } }), { ...current, nodeSelector: { y: '2', z: '3' } })
  t.same(spec(current, { nodeSelector: { $retainKeys: ['y', 'z'], z: '3' } }), {
    ...current,
    nodeSelector: { y: '2', z: '3' },
  })
  t.throws(() => spec(current, { nodeSelector: { $patch: 'shuffle' } }), {
    code: 400,
    message: 'Unknown patch type: shuffle',
  })
  t.throws(() => spec(current, { containers: [{ image: 'x' }] }), {
    code: 400,
    message: /does not contain declared merge key: name/,
  })
})

void t.test('sets of strings', async t => {
  const current: JsonObject = { metadata: { finalizers: ['a', 'b'] } }
  t.same(strategicMerge(current, { metadata: { finalizers: ['c', 'a'] } }, pods), {
    metadata: { finalizers: ['a', 'b', 'c'] },
  })
  t.same(strategicMerge(current, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } }, pods), {
    metadata: { finalizers: ['b'] },
  })
})

void t.test('the order that a client sets is kept, also among what only the server knows', async t => {
  const current = { containers: [{ name: 'injected' }, { name: 'a' }, { name: 'b' }] }
  t.same(
    spec(current, {
      '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
      containers: [{ name: 'a', image: '2' }],
    }),
    {
      containers: [{ name: 'injected' }, { name: 'b' }, { name: 'a', image: '2' }],
    },
  )
  t.same(spec(current, { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }), {
    containers: [{ name: 'injected' }, { name: 'b' }, { name: 'a' }],
  })
})

void t.test('property: patches change neither argument, and applying one twice is applying it once', async t => {
  const container = fc.record({ name: fc.constantFrom('a', 'b', 'c'), image: fc.string({ maxLength: 3 }) })
  const containers = fc.uniqueArray(container, { selector: item => item.name })
  const labels = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.option(fc.string({ maxLength: 3 }), { nil: null }))
  fc.assert(
    fc.property(containers, labels, containers, labels, (had, hadLabels, patched, patchLabels) => {
      const make = (list: object[], map: object): JsonObject => ({
        metadata: { labels: map },
        spec: { template: { spec: { containers: list } } },
      })
      const current = make(had, Object.fromEntries(Object.entries(hadLabels).filter(([, value]) => value !== null)))
      const patch = make(patched, patchLabels)
      const before = JSON.stringify([current, patch])
      const once = strategicMerge(current, patch, schemaOf(Deployments))
      const twice = strategicMerge(once, patch, schemaOf(Deployments))
      return JSON.stringify([current, patch]) === before && JSON.stringify(twice) === JSON.stringify(once)
    }),
  )
  t.pass()
})
