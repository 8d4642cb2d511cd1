// Goal: which state a list shows and where a watch begins, for every combination that Kubernetes' documentation tells of.
import t from 'tap'
import { Pods } from '../../../sim/cluster/index.ts'
import { addPods, type Fixture, settle, start } from './fixture.ts'

const PODS = '/api/v1/namespaces/default/pods'

/** Versions 1 and 2 are namespaces; a comes at 3, b at 4, c at 5; b goes at 6. */
async function world(t: Parameters<typeof start>[0]): Promise<Fixture> {
  const f = await start(t)
  addPods(f.store, 'a', 'b', 'c')
  f.store.delete(Pods, 'default', 'b', { gracePeriodSeconds: 0 })
  return f
}

void t.test('lists', async t => {
  const { get } = await world(t)
  const now = 'a c @6'
  const shown: [query: string, state: string][] = [
    ['', now],
    ['resourceVersion=0', now],
    ['resourceVersion=0&resourceVersionMatch=NotOlderThan', now],
    ['resourceVersion=0&limit=1', now],
    ['resourceVersion=0&resourceVersionMatch=NotOlderThan&limit=1', now],
    ['resourceVersion=4', now],
    ['resourceVersion=4&resourceVersionMatch=NotOlderThan', now],
    ['resourceVersion=4&resourceVersionMatch=NotOlderThan&limit=10', now],
    ['resourceVersion=4&resourceVersionMatch=Exact', 'a b @4'],
    ['resourceVersion=5&resourceVersionMatch=Exact', 'a b c @5'],
    ['resourceVersion=6&resourceVersionMatch=Exact', now],
    ['resourceVersion=5&limit=10', 'a b c @5'],
    ['resourceVersion=5&limit=2', 'a b @5 +1'],
    ['resourceVersion=5&resourceVersionMatch=Exact&limit=2', 'a b @5 +1'],
    ['limit=1', 'a @6 +1'],
    ['limit=-1', now],
    ['limit=0', now],
  ]
  for (const [query, state] of shown) {
    const { items, metadata } = (await get(`${PODS}?${query}`)).json
    const names = (items as { metadata: { name: string } }[]).map(item => item.metadata.name).join(' ')
    const rest = metadata.continue === undefined ? '' : ` +${metadata.remainingItemCount}`
    t.equal(`${names} @${metadata.resourceVersion}${rest}`, state, query || 'nothing said')
  }
})

void t.test('combinations that are wrong, all faults at once', async t => {
  const { get } = await world(t)
  const invalid = (message: string): string => `ListOptions.meta.k8s.io "" is invalid: ${message}`
  const unless = 'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided'
  const withContinue = 'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided'
  const newer = 'resourceVersionMatch: Unsupported value: "Newer": supported values:'
  const refused: [query: string, code: number, message: string][] = [
    ['resourceVersionMatch=Exact', 422, invalid(unless)],
    ['resourceVersionMatch=Newer', 422, invalid(`[${unless}, ${newer} "Exact", "NotOlderThan", ""]`)],
    ['resourceVersion=1&resourceVersionMatch=Exact&continue=x', 422, invalid(withContinue)],
    [
      'resourceVersion=0&resourceVersionMatch=Exact',
      422,
      invalid('resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
    ],
    ['sendInitialEvents=true', 422, invalid('sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list')],
    [
      'watch=1&sendInitialEvents=true&resourceVersionMatch=Newer',
      422,
      invalid(
        `[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, ${newer} "NotOlderThan"]`,
      ),
    ],
    [
      'watch=1&resourceVersionMatch=NotOlderThan',
      422,
      invalid(
        'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    ],
    ['resourceVersion=1&continue=x', 400, 'specifying resource version is not allowed when using continue'],
    ['resourceVersion=x', 400, 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax'],
    ['limit=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  ]
  for (const [query, code, message] of refused) {
    const { json } = await get(`${PODS}?${query}`)
    t.equal(json?.code, code, query)
    t.equal(json?.message, message)
  }
})

void t.test('a version that is yet to come is waited for, three seconds, then refused', async t => {
  const { get, clock, store } = await world(t)
  for (const path of [
    `${PODS}?resourceVersion=8`,
    `${PODS}?resourceVersion=8&resourceVersionMatch=Exact`,
    `${PODS}?resourceVersion=8&limit=1`,
    `${PODS}/a?resourceVersion=8`,
    `${PODS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=8`,
  ]) {
    let isAnswered = false
    const answer = get(path)
    void answer.then(() => {
      isAnswered = true
    })
    await settle()
    clock.advance(2999)
    await settle()
    t.notOk(isAnswered, path)
    clock.advance(1)
    t.match(await answer, {
      code: 504,
      headers: { 'retry-after': '1' },
      json: {
        reason: 'Timeout',
        message: 'Timeout: Too large resource version: 8, current: 6',
        details: {
          causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
          retryAfterSeconds: 1,
        },
      },
    })
  }
  const list = get(`${PODS}?resourceVersion=8`)
  await settle()
  addPods(store, 'd')
  addPods(store, 'e')
  t.match((await list).json, { metadata: { resourceVersion: '8' }, items: [{}, {}, {}, {}] })
})

void t.test(
  'a watch from a version that is yet to come is told of what comes after it, and of nothing before',
  async t => {
    const { watch, store } = await world(t)
    const watched = await watch(`${PODS}?resourceVersion=8`)
    addPods(store, 'at7', 'at8', 'at9')
    t.same(
      (await watched.events()).map(({ object }) => object.metadata.name),
      ['at9'],
    )
  },
)
