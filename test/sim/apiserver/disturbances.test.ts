import t from 'tap'
import { addPods, settle, start } from './fixture.ts'

const PODS = '/api/v1/namespaces/default/pods'

t.test('while it is disturbed the server refuses as asked, in Kubernetes’ words, and no longer', async t => {
  const { api, get } = await start(t)
  const end = api.disturb({ refusal: { code: 429, every: 2 } })
  const answers = [await get(PODS), await get(PODS), await get(PODS)]
  t.same(
    answers.map(({ code }) => code),
    [429, 200, 429],
  )
  t.match(answers[0], {
    headers: { 'retry-after': '1', 'content-type': 'application/json' },
    json: { kind: 'Status', status: 'Failure', reason: 'TooManyRequests', code: 429 },
  })
  end()
  end()
  t.equal((await get(PODS)).code, 200)
  for (const code of [500, 503, 504] as const) {
    const over = api.disturb({ refusal: { code, every: 1 } })
    t.match(await get(PODS), { code, json: { kind: 'Status', code } }, 'and nobody takes it for our own mistake')
    t.match(await get('/version'), { code })
    over()
  }
  t.equal(api.usage().requests, 4 + 6, 'refused requests cost something too')
})

t.test('who has no token is told so, whatever else is the matter', async t => {
  const { api, get } = await start(t)
  api.disturb({ refusal: { code: 503, every: 1 } })
  t.equal((await get(PODS, { authorization: 'Bearer wrong' })).code, 401)
})

t.test('delays add up, and a request waits for what there was when it came', async t => {
  const { api, clock, get } = await start(t)
  const end = api.disturb({ delayMs: 300 })
  api.disturb({ delayMs: 200 })
  let code = 0
  const answer = get(PODS).then(given => {
    code = given.code
  })
  await settle()
  end()
  clock.advance(499)
  await settle()
  t.equal(code, 0)
  clock.advance(1)
  await answer
  t.equal(code, 200)
})

t.test('watches that are open go on, new ones are refused', async t => {
  const { api, watch, store } = await start(t)
  const before = await watch(PODS)
  api.disturb({ refusal: { code: 503, every: 1 } })
  addPods(store, 'one')
  const during = await watch(PODS)
  t.match(await before.events(), [{ type: 'ADDED', object: { metadata: { name: 'one' } } }])
  t.match(await during.events(), [{ kind: 'Status', code: 503 }])
})
