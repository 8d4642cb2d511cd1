import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { CodedError, ExitCode, VirtualClock } from '../../../base/index.ts'
import { executeBlocks } from '../../../harness/ab/blocks.ts'
import { loadNoise, saveCalibration } from '../../../harness/ab/calibration-file.ts'
import { parseSubjectSpec } from '../../../harness/ab/subject-spec.ts'
import type { TrialOutcome } from '../../../harness/execute-trial.ts'
import { fakeOutcome, invalid, SMALL } from './fake-trial.ts'

const dir = mkdtempSync(join(tmpdir(), 'churnbench-ab-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

const job = {
  scenario: SMALL,
  subject: { kind: 'embedded', args: [] },
  readyTimeoutMs: 1000,
  profileSubject: false,
}

const executed = (outcomes: (index: number) => TrialOutcome, blocks = 8, seed = '1', set = 0) => {
  let index = 0
  const dirs: string[] = []
  return executeBlocks({
    seed,
    set,
    blocks,
    arms: { A: job, B: job },
    outDir: 'trials',
    orderFrom: 0,
    signal: new AbortController().signal,
    execute: ({ outDir }) => {
      dirs.push(outDir)
      return Promise.resolve().then(() => outcomes(index++))
    },
    onTrial: () => {},
    onOutcome: () => {},
  }).then(result => ({ ...result, dirs }))
}

t.test('blocks hold a trial of each arm, in an order that is drawn from the seed', async t => {
  const { outcomes, dirs } = await executed(() => fakeOutcome({}))
  t.equal(outcomes.length, 16)
  for (let block = 0; block < 8; block++) {
    const arms = outcomes.filter(({ run }) => run.block === block).map(({ run }) => run.arm)
    t.same(arms.toSorted(), ['A', 'B'])
  }
  t.same(
    outcomes.map(({ run }) => run.order),
    outcomes.map((_, i) => i),
  )
  t.equal(new Set(dirs).size, 16, 'a folder each')
  const arms = async (seed: string, set = 0): Promise<string> =>
    (await executed(() => fakeOutcome({}), 8, seed, set)).outcomes.map(({ run }) => run.arm).join('')
  t.equal(await arms('1'), await arms('1'))
  const orders = await Promise.all(['1', '2', '3', '4'].map(seed => arms(seed)))
  t.ok(new Set(orders).size > 1, 'another seed, another order')
  t.not(await arms('1', 0), await arms('1', 1), 'the confirming set has an order of its own')
  const first = (await Promise.all(Array.from({ length: 40 }, (_, i) => arms(String(i))))).join('')
  const startsWithA = first.split('').filter((arm, i) => i % 2 === 0 && arm === 'A').length
  t.ok(startsWithA > 110 && startsWithA < 210, `both arms come first about as often: A ${startsWithA} times of 320`)
})

t.test('a block with an invalid trial is kept, and another is run in its place, within a bound', async t => {
  const once = await executed(index => (index === 3 ? invalid(fakeOutcome({})) : fakeOutcome({})))
  t.equal(once.outcomes.length, 18)
  t.equal(once.outcomes.filter(({ run }) => !run.valid).length, 1)
  t.equal(once.ending.kind, 'complete')
  const always = await executed(() => invalid(fakeOutcome({})))
  t.equal(always.outcomes.length, 20, 'eight blocks and two more')
})

t.test('a trial that does not come to its own end ends the set', async t => {
  const crash = { kind: 'crashed', error: new Error('gone') } as const
  const { outcomes, ending } = await executed(index => fakeOutcome({}, index === 4 ? { ending: crash } : {}))
  t.equal(outcomes.length, 5)
  t.same(ending, crash)
})

t.test('a trial that cannot begin ends the set and loses nothing of what was measured', async t => {
  const { outcomes, ending } = await executed(index => {
    if (index === 3) throw new CodedError('CHURN_SUBJECT_NOT_READY', 'too slow', { exitCode: ExitCode.subject })
    return fakeOutcome({})
  })
  t.equal(outcomes.length, 3)
  t.match(ending, { kind: 'crashed', error: { code: 'CHURN_SUBJECT_NOT_READY' } })
  const first = executed(() => {
    throw new CodedError('CHURN_SUBJECT_BINARY', 'no such program', { exitCode: ExitCode.usage })
  })
  await t.rejects(first, { code: 'CHURN_SUBJECT_BINARY' }, 'the very first says it at once')
})

t.test('subject specifications', t => {
  t.same(parseSubjectSpec('prometheus'), { kind: 'prometheus', bin: undefined, args: [] })
  t.same(parseSubjectSpec('victoriametrics,bin=/opt/vm,arg=-a=1,arg=-b=x,,y'), {
    kind: 'victoriametrics',
    bin: '/opt/vm',
    args: ['-a=1', '-b=x,y'],
  })
  const config = join(dir, 'prometheus.yml')
  writeFileSync(config, 'scrape_configs: []\n')
  t.match(parseSubjectSpec(`embedded,config=${config}`), { config: 'scrape_configs: []\n', configDir: dir })
  for (const bad of [
    'nonesuch',
    'embedded,colour=red',
    'embedded,bin=',
    'embedded,bin=a,bin=b',
    'embedded,config=/nonesuch',
    'external',
  ]) {
    t.throws(() => parseSubjectSpec(bad), { exitCode: 2 } as Error & { exitCode: number }, bad)
  }
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }).filter(arg => !arg.includes(','))), args => {
      const text = ['embedded', ...args.map(arg => `arg=${arg}`)].join(',')
      t.same(parseSubjectSpec(text).args, args)
    }),
  )
  t.end()
})

t.test('the noise of this machine is used for the same scenario on the same machine only', t => {
  const clock = new VirtualClock(Date.parse('2026-11-23T00:00:00Z'))
  const file = join(dir, 'noise.json')
  const noise = { variation: 0.03, change95: 0.06, minEffect: 0.09, detectable: { 8: 0.1 } }
  saveCalibration(clock, file, SMALL, 'f1', { blocks: 8, noise: { 'rss_peak value': noise } })
  t.same(loadNoise(clock, SMALL, 'f1', file), { minEffects: { 'rss_peak value': 0.09 }, warnings: [] })
  t.match(loadNoise(clock, SMALL, 'f2', file), { minEffects: {}, warnings: [{ code: 'not-calibrated' }] })
  t.match(loadNoise(clock, { ...SMALL, sha256: 'c' }, 'f1', file), { minEffects: {}, warnings: [{}] })
  const later = new VirtualClock(Date.parse('2026-12-30T00:00:00Z'))
  t.match(loadNoise(later, SMALL, 'f1', file), {
    minEffects: { 'rss_peak value': 0.09 },
    warnings: [{ code: 'old-calibration', message: /37 days/ }],
  })
  t.match(loadNoise(clock, { ...SMALL, name: 'never-calibrated' }, 'f1', undefined), {
    warnings: [{ message: /npm run calibrate -- never-calibrated/ }],
  })
  t.throws(() => loadNoise(clock, SMALL, 'f1', join(dir, 'missing.json')), { code: 'CHURN_CALIBRATION', exitCode: 2 })
  writeFileSync(file, '{}')
  t.throws(() => loadNoise(clock, SMALL, 'f1', file), { code: 'CHURN_CALIBRATION' })
  t.end()
})
