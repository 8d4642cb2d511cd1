import { readFileSync, writeFileSync } from 'node:fs'
import type { Pod, PodStatus } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { applyStage, podGeneral, selectStage, type StageFacts } from '../../../sim/stages/index.ts'

/**
 * Pairs: what a kubelet finds, and what it makes of it. `GOLDEN_UPDATE=1` writes the outputs anew; read the diff like code.
 */
const FOLDER = 'test/sim/stages/pairs'
const PAIRS = [
  'pod-accept',
  'pod-start',
  'pod-start-two-containers',
  'pod-ready',
  'pod-ready-again',
  'pod-abort',
  'pod-terminate',
  'pod-terminate-killed',
  'pod-remove',
  'pod-at-rest',
]

interface Input {
  readonly pod: Pod
  readonly facts: StageFacts
}

interface Output {
  readonly stage: string | null
  /** What is written, or that the pod is removed. */
  readonly next: PodStatus | 'remove' | null
}

for (const name of PAIRS) {
  t.test(name, async t => {
    const input = JSON.parse(readFileSync(`${FOLDER}/${name}.input.json`, 'utf8')) as Input
    const before = JSON.stringify(input.pod)
    const stage = selectStage(podGeneral, input.pod)
    const next =
      stage === undefined ? null : stage.next === 'remove' ? 'remove' : applyStage(stage.next, input.pod, input.facts)
    const output: Output = { stage: stage?.name ?? null, next }
    const file = `${FOLDER}/${name}.output.json`
    if (process.env.GOLDEN_UPDATE === '1') writeFileSync(file, `${JSON.stringify(output, null, 2)}\n`)
    t.same(JSON.parse(JSON.stringify(output)), JSON.parse(readFileSync(file, 'utf8')))
    t.equal(JSON.stringify(input.pod), before, 'the input is left as it was')
  })
}

t.test('stages are plain data with names of their own', async t => {
  t.same(JSON.parse(JSON.stringify(podGeneral)), podGeneral)
  t.equal(new Set(podGeneral.map(({ name }) => name)).size, podGeneral.length)
})

t.test('what a stage writes makes another stage fit: no stage follows itself', async t => {
  const facts: StageFacts = {
    now: '2026-01-01T00:00:00Z',
    hostAddress: 'h',
    podAddress: 'p',
    containerIds: {},
    killed: false,
  }
  for (const deleting of [false, true]) {
    let pod: Pod = { metadata: {}, spec: { containers: [{ name: 'c', image: 'i' }] }, status: { phase: 'Pending' } }
    const seen: string[] = []
    for (let stage = selectStage(podGeneral, pod); stage !== undefined; stage = selectStage(podGeneral, pod)) {
      if (seen.includes(stage.name)) t.fail(`${stage.name} again after ${seen.join()}`)
      seen.push(stage.name)
      if (stage.next === 'remove' || seen.length > 10) break
      pod = { ...pod, status: applyStage(stage.next, pod, facts) }
      if (deleting && stage.name === 'pod-ready') pod = { ...pod, metadata: { deletionTimestamp: facts.now } }
    }
    const life = ['pod-accept', 'pod-start', 'pod-ready']
    t.same(seen, deleting ? [...life, 'pod-terminate', 'pod-remove'] : life)
  }
})
