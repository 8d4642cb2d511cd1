import t from 'tap'
import { start } from './fixture.ts'

type Json = Record<string, unknown>

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets'

function definition(change: (spec: Json) => Json = spec => spec): Json {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: change({
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
            { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          ],
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: {
                  type: 'object',
                  required: ['size'],
                  properties: {
                    size: { type: 'integer', minimum: 1 },
                    color: { type: 'string', enum: ['red', 'blue'], default: 'red' },
                    tags: { type: 'array', items: { type: 'string', pattern: '^[a-z]+$' } },
                  },
                },
                status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              },
            },
          },
        },
        {
          name: 'v1alpha1',
          served: true,
          storage: false,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    }),
  }
}

function widget(spec: Json, name = 'w'): Json {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec }
}

void t.test('a definition is served as soon as it is there, with defaults, columns, versions and status', async t => {
  const { request, get } = await start(t)
  t.equal((await get(WIDGETS)).code, 404)
  t.equal((await request('POST', DEFINITIONS, definition())).code, 201)
  const established = await get(`${DEFINITIONS}/widgets.example.com`)
  t.match(established.json, {
    spec: { names: { singular: 'widget', listKind: 'WidgetList' }, conversion: { strategy: 'None' } },
    status: {
      conditions: [
        { type: 'NamesAccepted', status: 'True' },
        { type: 'Established', status: 'True' },
      ],
    },
  })
  t.match((await get('/apis/example.com/v1')).json.resources, [{ name: 'widgets', shortNames: ['wd'] }, {}])
  t.match((await request('POST', WIDGETS, widget({ size: 3 }))).json, { spec: { size: 3, color: 'red' } })
  const status = { ...widget({ size: 9 }), status: { conditions: [{ type: 'Ready', status: 'True' }] } }
  t.equal((await request('PUT', `${WIDGETS}/w/status`, status)).code, 200)
  t.match((await get(`${WIDGETS}/w`)).json, { spec: { size: 3 }, status: { conditions: [{ type: 'Ready' }] } })
  const table = await get(WIDGETS, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
  t.same(table.json.rows[0].cells, ['w', 3, 'True'])
  t.equal((await get(`${WIDGETS.replace('/v1/', '/v1alpha1/')}/w`)).json.apiVersion, 'example.com/v1alpha1')
  const schema = (await get('/openapi/v3/apis/example.com/v1')).json.components.schemas['com.example.v1.Widget']
  t.match(schema, { properties: { metadata: {}, spec: { required: ['size'] } } })
})

void t.test('objects are judged by their schema, and unknown fields are taken out', async t => {
  const { request, get } = await start(t)
  await request('POST', DEFINITIONS, definition())
  const bad = await request('POST', WIDGETS, widget({ size: 0, color: 'green', tags: ['A'] }))
  t.equal(bad.code, 422)
  t.same(
    bad.json.details.causes
      .map(({ field, message }: { field: string; message: string }) => `${field}: ${message}`)
      .sort(),
    [
      'spec.color: Unsupported value: "green": supported values: "red", "blue"',
      'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
      'spec.tags[0]: Invalid value: "A": spec.tags[0] in body should match \'^[a-z]+$\'',
    ],
  )
  t.match((await request('POST', WIDGETS, widget({}))).json.message, /spec\.size: Required value/)
  const unknown = await request('POST', WIDGETS, widget({ size: 1, more: true }))
  t.same(unknown.headers.warning, ['299 - "unknown field \\"spec.more\\""'])
  t.same((await get(`${WIDGETS}/w`)).json.spec, { size: 1, color: 'red' })
  const strict = await request('POST', `${WIDGETS}?fieldValidation=Strict`, widget({ size: 1, more: true }, 'v'))
  t.match(strict.json, { code: 400, message: /strict decoding error: unknown field "spec.more"$/ })
})

void t.test('with the definition go its objects, then the type, and its watches end', async t => {
  const { request, get, watch, store } = await start(t)
  await request('POST', DEFINITIONS, definition())
  await request('POST', WIDGETS, { ...widget({ size: 1 }), metadata: { name: 'held', finalizers: ['example.com/x'] } })
  await request('POST', WIDGETS, widget({ size: 1 }))
  const watched = await watch(WIDGETS)
  t.equal((await request('DELETE', `${DEFINITIONS}/widgets.example.com`)).code, 200)
  t.ok(
    (await get(`${DEFINITIONS}/widgets.example.com`)).json.metadata.deletionTimestamp,
    'waits for the one that is held',
  )
  t.equal((await get(`${WIDGETS}/w`)).code, 404)
  await request(
    'PATCH',
    `${WIDGETS}/held`,
    { metadata: { finalizers: null } },
    { 'content-type': 'application/merge-patch+json' },
  )
  t.equal((await get(`${DEFINITIONS}/widgets.example.com`)).code, 404)
  t.equal((await get(WIDGETS)).code, 404)
  t.notOk(store.resources.find('example.com', 'v1', 'widgets'))
  t.same(
    (await watched.events()).map(({ type, object }) => `${type} ${object.metadata.name}`),
    ['ADDED held', 'ADDED w', 'MODIFIED held', 'DELETED w', 'DELETED held'],
  )
})

void t.test('a definition that cannot be is refused with all its faults', async t => {
  const { request } = await start(t)
  const cases: [change: (spec: Json) => Json, message: RegExp][] = [
    [
      spec => ({ ...spec, group: 'other.com' }),
      /metadata.name: Invalid value: "widgets.example.com": must be spec.names.plural/,
    ],
    [
      spec => ({ ...spec, scope: 'Both' }),
      /spec.scope: Unsupported value: "Both": supported values: "Cluster", "Namespaced"/,
    ],
    [spec => ({ ...spec, versions: [] }), /must have exactly one version marked as storage version/],
    [
      spec => ({ ...spec, versions: [{ name: 'v1', served: true, storage: true }] }),
      /spec.versions\[0\].schema.openAPIV3Schema: Required value/,
    ],
    [
      spec => ({
        ...spec,
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: { spec: { description: 'no type' } } } },
          },
        ],
      }),
      /openAPIV3Schema.properties\[spec\].type: Required value/,
    ],
    [
      spec => ({ ...spec, conversion: { strategy: 'Webhook' } }),
      /spec.conversion.strategy: Unsupported value: "Webhook": supported values: "None"/,
    ],
  ]
  for (const [change, message] of cases) {
    const answer = await request('POST', DEFINITIONS, definition(change))
    t.equal(answer.code, 422)
    t.match(answer.json.message, message)
  }
})
