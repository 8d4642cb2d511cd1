import fc from 'fast-check'
import type { CronJob, CronJobSpec, Job } from 'kubernetes-types/batch/v1.js'
import t, { type Test } from 'tap'
import { Prng } from '../../../base/index.ts'
import { CronJobs, Jobs, Pods, type Stored } from '../../../sim/cluster/index.ts'
import { parseCronSchedule } from '../../../sim/controllers/cron-schedule.ts'
import { recentStart } from '../../../sim/controllers/cron-times.ts'
import { TimeZone } from '../../../sim/controllers/time-zone.ts'
import { type Sim, simulate } from './harness.ts'
import { changeJob, createJob, endPod, getJob, jobSpec, podsOf, saidAbout } from './job-support.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

function createCronJob(sim: Sim, name: string, spec: Partial<CronJobSpec> = {}): Stored<CronJob> {
  return sim.store.create<CronJob>(CronJobs, {
    metadata: { namespace: 'default', name },
    spec: {
      schedule: '*/5 * * * *',
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
      jobTemplate: { metadata: { labels: { made: 'by-cron' }, annotations: { note: 'x' } }, spec: jobSpec() },
      ...spec,
    },
  })
}

function changeCronJob(sim: Sim, name: string, spec: Partial<CronJobSpec>): void {
  sim.store.modify<CronJob>(CronJobs, 'default', name, cron => ({ ...cron, spec: { ...cron.spec!, ...spec } }))
}

function statusOf(sim: Sim, name: string): NonNullable<CronJob['status']> {
  return sim.store.get<CronJob>(CronJobs, 'default', name)?.status ?? {}
}

function jobNames(sim: Sim): string[] {
  return sim.store.list<Job>(Jobs, 'default').map(job => job.metadata.name)
}

/** Ends every pod two seconds after it was created. */
function endPods(sim: Sim, exitCode = 0): void {
  sim.store.subscribe(({ type, resource, object }) => {
    if (resource === Pods && type === 'ADDED') {
      sim.clock.schedule(2000, () => endPod(sim, sim.pod(object.metadata.name), exitCode))
    }
  })
}

/** The first `count` times after an instant, as ISO strings without their seconds. */
function times(schedule: string, zone: string | undefined, after: string, count: number): string[] {
  const parsed = parseCronSchedule(schedule, zone)
  const out: string[] = []
  for (let at = parsed.next(Date.parse(after)); at !== undefined && out.length < count; at = parsed.next(at)) {
    out.push(new Date(at).toISOString().slice(0, 16))
  }
  return out
}

t.test('a job is made at each start, with the names and annotations of Kubernetes', async t => {
  const sim = simulate({ nodes: 0 })
  endPods(sim)
  createCronJob(sim, 'report', { timeZone: 'Europe/Berlin' })
  const atMs: number[] = []
  sim.store.subscribe(({ type, resource }) => {
    if (resource === Jobs && type === 'ADDED') atMs.push(sim.clock.elapsedMs)
  })
  sim.clock.advance(11 * MINUTE_MS)
  const minutes = Date.UTC(2026, 0, 1, 0, 5) / MINUTE_MS
  t.same(jobNames(sim), [`report-${minutes}`, `report-${minutes + 5}`])
  t.same(atMs, [5 * MINUTE_MS + 100, 10 * MINUTE_MS + 100], 'one look at each start, a tenth of a second later')
  const job = getJob(sim, `report-${minutes}`)
  t.same(job.metadata.annotations, {
    note: 'x',
    'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T01:05:00+01:00',
  })
  t.same(job.metadata.labels, { made: 'by-cron' })
  t.equal(job.metadata.ownerReferences?.[0]?.name, 'report')
  t.equal(job.spec?.selector?.matchLabels?.['batch.kubernetes.io/controller-uid'], job.metadata.uid)
  t.same(statusOf(sim, 'report'), {
    lastScheduleTime: '2026-01-01T00:10:00Z',
    lastSuccessfulTime: getJob(sim, `report-${minutes + 5}`).status?.completionTime,
  })
  t.same(saidAbout(sim, 'report').slice(0, 2), [
    `Normal SuccessfulCreate: Created job report-${minutes}`,
    `Normal SawCompletedJob: Saw completed job: report-${minutes}, condition: Complete`,
  ])
})

t.test('a job that runs is on the active list until it ends, or is gone', async t => {
  const sim = simulate({ nodes: 0 })
  createCronJob(sim, 'report')
  sim.clock.advance(6 * MINUTE_MS)
  const [name] = jobNames(sim)
  const { uid } = getJob(sim, name!).metadata
  t.match(statusOf(sim, 'report').active, [{ kind: 'Job', apiVersion: 'batch/v1', namespace: 'default', name, uid }])
  sim.store.delete(Jobs, 'default', name!)
  sim.clock.advance(1000)
  t.equal(statusOf(sim, 'report').active, undefined)
  t.ok(saidAbout(sim, 'report').includes(`Normal MissingJob: Active job went missing: ${name}`))
  createJob(sim, 'by-hand')
  sim.store.modify<Job>(Jobs, 'default', 'by-hand', job => ({
    ...job,
    metadata: {
      ...job.metadata,
      ownerReferences: [
        {
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          name: 'report',
          uid: sim.store.get(CronJobs, 'default', 'report')!.metadata.uid,
          controller: true,
        },
      ],
    },
  }))
  changeJob(sim, 'by-hand', { parallelism: 1 })
  sim.store.modify<CronJob>(CronJobs, 'default', 'report', cron => ({
    ...cron,
    spec: { ...cron.spec!, suspend: true },
  }))
  sim.clock.advance(1000)
  t.ok(
    saidAbout(sim, 'report').some(text => text.endsWith('did not create or forgot: by-hand')),
    'as `kubectl create job --from` makes them',
  )
})

t.test('starts while the last job still runs: let go, left out, put in its place', async t => {
  const sim = simulate({ nodes: 0 })
  for (const policy of ['Allow', 'Forbid', 'Replace']) {
    createCronJob(sim, policy.toLowerCase(), { concurrencyPolicy: policy, schedule: '* * * * *' })
  }
  sim.clock.advance(3 * MINUTE_MS + 1000)
  const first = Date.UTC(2026, 0, 1, 0, 1) / MINUTE_MS
  const named = (name: string): string[] =>
    jobNames(sim)
      .filter(job => job.startsWith(name))
      .sort()
  t.same(named('allow'), [`allow-${first}`, `allow-${first + 1}`, `allow-${first + 2}`])
  t.same(named('forbid'), [`forbid-${first}`])
  t.same(named('replace'), [`replace-${first + 2}`])
  t.ok(
    saidAbout(sim, 'forbid').includes(
      'Normal JobAlreadyActive: Not starting job because prior execution is running and concurrency policy is Forbid',
    ),
  )
  t.ok(saidAbout(sim, 'replace').includes(`Normal SuccessfulDelete: Deleted job replace-${first}`))
  const [pod] = podsOf(sim, `forbid-${first}`)
  endPod(sim, pod!)
  sim.clock.advance(5000)
  t.equal(named('forbid').length, 2, 'the start that was left out is made up for')
})

t.test('of finished jobs the last ones are kept', async t => {
  const sim = simulate({ nodes: 0 })
  let count = 0
  sim.store.subscribe(({ type, resource, object }) => {
    if (resource !== Pods || type !== 'ADDED') return
    const exitCode = count++ % 3 === 0 ? 1 : 0
    sim.clock.schedule(2000, () => endPod(sim, sim.pod(object.metadata.name), exitCode))
  })
  createCronJob(sim, 'report', {
    schedule: '* * * * *',
    successfulJobsHistoryLimit: 2,
    failedJobsHistoryLimit: 1,
    jobTemplate: { spec: jobSpec({ backoffLimit: 0 }) },
  })
  sim.clock.advance(8 * MINUTE_MS + 30_000)
  const ends = sim.store
    .list<Job>(Jobs, 'default')
    .map(({ status }) => status?.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed')?.type)
  t.same(ends.map(String).toSorted(), ['Complete', 'Complete', 'Failed'])
  t.equal(sim.pods().length, 3, 'and no pods but theirs')
})

t.test('starts that were missed: the last one is made, if its deadline lets it', async t => {
  const sim = simulate({ nodes: 0 })
  createCronJob(sim, 'lenient', { schedule: '0 * * * *', suspend: true })
  createCronJob(sim, 'strict', { schedule: '0 * * * *', suspend: true, startingDeadlineSeconds: 600 })
  createCronJob(sim, 'often', { schedule: '* * * * *', suspend: true })
  sim.clock.advance(5.5 * HOUR_MS)
  t.same(jobNames(sim), [])
  for (const name of ['lenient', 'strict', 'often']) changeCronJob(sim, name, { suspend: false })
  sim.clock.advance(1000)
  const fiveOClock = Date.UTC(2026, 0, 1, 5) / MINUTE_MS
  t.same(jobNames(sim).toSorted(), [`lenient-${fiveOClock}`, `often-${fiveOClock + 30}`])
  t.ok(saidAbout(sim, 'often').some(text => text.startsWith('Warning TooManyMissedTimes: too many missed start times')))
  t.notOk(saidAbout(sim, 'lenient').some(text => text.includes('TooManyMissedTimes')))
  sim.clock.advance(HOUR_MS)
  t.ok(jobNames(sim).includes(`strict-${fiveOClock + 60}`))
})

t.test('another schedule counts from now on, and a bad one is told', async t => {
  const sim = simulate({ nodes: 0 })
  createCronJob(sim, 'report', { schedule: '0 0 * * *' })
  createCronJob(sim, 'never', { schedule: '0 0 31 2 *' })
  createCronJob(sim, 'nowhere', { timeZone: 'Mars/Olympus' })
  createCronJob(sim, 'nonsense', { schedule: '61 * * * *' })
  sim.clock.advance(HOUR_MS / 2)
  t.match(saidAbout(sim, 'never')[0], 'Warning InvalidSchedule: invalid schedule: 0 0 31 2 * : time difference between')
  t.same(saidAbout(sim, 'nowhere'), [
    'Warning UnknownTimeZone: invalid timeZone: "Mars/Olympus": unknown time zone Mars/Olympus',
  ])
  t.match(saidAbout(sim, 'nonsense')[0], 'Warning UnparseableSchedule: unparseable schedule: "61 * * * *" : ')
  sim.clock.advance(HOUR_MS / 2)
  changeCronJob(sim, 'report', { schedule: '@hourly' })
  t.same(jobNames(sim), [])
  sim.clock.advance(HOUR_MS + 1000)
  t.same(jobNames(sim), [`report-${Date.UTC(2026, 0, 1, 2) / MINUTE_MS}`])
})

t.test('a cron job that waits plans one call, and does nothing until then', async t => {
  const sim = simulate({ nodes: 0 })
  sim.clock.advance(1000)
  const before = sim.clock.pending
  for (let i = 0; i < 50; i++) createCronJob(sim, `job-${i}`, { schedule: '0 0 1 1 *' })
  sim.clock.advance(1000)
  t.equal(sim.clock.pending - before, 50)
  const written = sim.store.resourceVersion
  sim.clock.advance(24 * HOUR_MS)
  t.equal(sim.store.resourceVersion, written)
})

t.test('finished jobs go when their time is up, pods first', async t => {
  const sim = simulate({ nodes: 0 })
  endPods(sim)
  createJob(sim, 'brief', { ttlSecondsAfterFinished: 30 })
  createJob(sim, 'stays')
  createJob(sim, 'now', { ttlSecondsAfterFinished: 0 })
  const gone: string[] = []
  sim.store.subscribe(({ type, resource, object }) => {
    if (type === 'DELETED' && (resource === Jobs || resource === Pods)) {
      gone.push(`${Math.floor(sim.clock.elapsedMs / 1000)} ${resource.kind} ${object.metadata.name.split('-')[0]}`)
    }
  })
  sim.clock.advance(20_000)
  t.same(gone, ['3 Pod now', '3 Job now'])
  changeJob(sim, 'brief', { ttlSecondsAfterFinished: 60 })
  sim.clock.advance(42_000)
  t.same(gone.length, 2)
  sim.clock.advance(2000)
  t.same(gone.slice(2), ['63 Pod brief', '63 Job brief'])
  t.same(jobNames(sim), ['stays'])
})

t.test('schedules are read as Kubernetes reads them', async t => {
  const newYear = '2026-01-01T00:00:00Z'
  t.same(times('*/20 8-9 * * mon-fri', undefined, newYear, 3), [
    '2026-01-01T08:00',
    '2026-01-01T08:20',
    '2026-01-01T08:40',
  ])
  t.same(times('50/5 * * * ?', undefined, newYear, 3), ['2026-01-01T00:50', '2026-01-01T00:55', '2026-01-01T01:50'])
  t.same(
    times('0 0 13 * 5', undefined, newYear, 3),
    ['2026-01-02T00:00', '2026-01-09T00:00', '2026-01-13T00:00'],
    'either day',
  )
  t.same(times('@weekly', undefined, newYear, 2), ['2026-01-04T00:00', '2026-01-11T00:00'])
  t.same(times('@every 1h30m', undefined, '2026-01-01T00:00:07.500Z', 2), ['2026-01-01T01:30', '2026-01-01T03:00'])
  t.same(times('0 0 29 2 *', undefined, newYear, 1), ['2028-02-29T00:00'])
  for (const bad of [
    '* * * *',
    '* * * * * *',
    '0 0 L * *',
    '0 0 * * 1#2',
    '0 0 1W * *',
    '0 25 * * *',
    'TZ=UTC * * * * *',
    '@sometimes',
    '',
  ]) {
    t.throws(() => parseCronSchedule(bad, undefined), bad)
  }
  t.throws(() => parseCronSchedule('* * * * *', 'Mars/Olympus'), RangeError)
})

t.test(
  'where clocks change: what is due in the missing hour is left out, in the doubled one it is due twice',
  async t => {
    const zone = 'America/New_York'
    t.same(times('30 2 * * *', zone, '2026-03-07T00:00:00Z', 3), [
      '2026-03-07T07:30',
      '2026-03-09T06:30',
      '2026-03-10T06:30',
    ])
    t.same(times('30 1 * * *', zone, '2026-10-31T12:00:00Z', 3), [
      '2026-11-01T05:30',
      '2026-11-01T06:30',
      '2026-11-02T06:30',
    ])
    t.same(times('0 * * * *', zone, '2026-03-08T05:30:00Z', 3), [
      '2026-03-08T06:00',
      '2026-03-08T07:00',
      '2026-03-08T08:00',
    ])
    t.same(times('0 0 1 1 *', zone, '2026-01-02T00:00:00Z', 2), ['2027-01-01T05:00', '2028-01-01T05:00'])
    t.same(
      times('15 2 * * *', 'Australia/Lord_Howe', '2026-10-02T20:00:00Z', 2),
      ['2026-10-04T15:15', '2026-10-05T15:15'],
      'by half an hour',
    )
    const sim = simulate({ nodes: 0, epochMs: Date.UTC(2026, 10, 1, 5) })
    createCronJob(sim, 'nightly', { schedule: '30 1 * * *', timeZone: zone })
    endPods(sim)
    sim.clock.advance(2 * HOUR_MS)
    t.same(
      sim.store
        .list<Job>(Jobs)
        .map(job => job.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp']),
      ['2026-11-01T01:30:00-04:00', '2026-11-01T01:30:00-05:00'],
    )
  },
)

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Africa/Casablanca']

t.test('a schedule is every minute at which the clocks of its zone match it', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ZONES),
      fc.nat(59),
      fc.option(fc.nat(23), { nil: undefined }),
      fc.nat(364),
      (zone, minute, hour, day) => {
        const schedule = parseCronSchedule(`${minute} ${hour ?? '*'} * * *`, zone)
        const clocks = new TimeZone(zone)
        const fromMs = Date.UTC(2026, 0, 1) + day * 24 * HOUR_MS
        const untilMs = fromMs + 27 * HOUR_MS
        const expected: number[] = []
        for (let atMs = fromMs + MINUTE_MS; atMs <= untilMs; atMs += MINUTE_MS) {
          const shown = new Date(atMs + clocks.offsetMs(atMs))
          const fits = shown.getUTCMinutes() === minute && (hour === undefined || shown.getUTCHours() === hour)
          if (fits) expected.push(atMs)
        }
        const found: number[] = []
        for (let at = schedule.next(fromMs); at !== undefined && at <= untilMs; at = schedule.next(at)) found.push(at)
        if (found.join() !== expected.join()) throw new Error(`${zone} ${minute} ${hour}: ${found.join()}`)
      },
    ),
    { numRuns: 12 },
  )
})

t.test('the most recent start is the last one not after now, over schedules and times', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom('* * * * *', '*/7 * * * *', '0 */3 * * *', '30 6-16/4 * * 1-5', '@every 13m'),
      fc.integer({ min: 0, max: 30_000 }),
      fc.option(fc.integer({ min: 0, max: 20_000 }), { nil: undefined }),
      (text, seconds, startingDeadlineSeconds) => {
        const schedule = parseCronSchedule(text, undefined)
        const createdMs = Date.UTC(2026, 0, 1)
        const nowMs = createdMs + seconds * 1000
        const cronJob = {
          metadata: { creationTimestamp: new Date(createdMs).toISOString() },
          spec: startingDeadlineSeconds === undefined ? {} : { startingDeadlineSeconds },
        } as Stored<CronJob>
        const { dueMs } = recentStart(cronJob, nowMs, schedule, true)
        if (text.startsWith('@every') && startingDeadlineSeconds !== undefined) return
        const since = Math.max(createdMs, nowMs - (startingDeadlineSeconds ?? Infinity) * 1000)
        let expected: number | undefined
        for (let at = schedule.next(since); at !== undefined && at <= nowMs; at = schedule.next(at)) expected = at
        if (dueMs !== expected) throw new Error(`${text}: ${dueMs} instead of ${expected}`)
      },
    ),
    { numRuns: 25 },
  )
})

function lines(t: Test, seed: string): string[] {
  const sim = simulate({ seed, nodes: 0 })
  endPods(sim)
  const prng = new Prng(seed)
  createCronJob(sim, 'a', { schedule: '*/2 * * * *' })
  createCronJob(sim, 'b', { schedule: '*/3 * * * *', concurrencyPolicy: 'Replace' })
  for (let i = 0; i < 10; i++) {
    sim.clock.advance(prng.between(30_000, 200_000))
    changeCronJob(sim, 'a', { suspend: prng.chance(1, 2) })
  }
  t.ok(jobNames(sim).length > 2)
  return sim.events.map(
    ({ atMs, event }) => `${atMs} ${event.type} ${event.object.metadata.name} ${event.object.metadata.uid}`,
  )
}

t.test('the same seed gives the same writes', async t => {
  t.same(lines(t, 'one'), lines(t, 'one'))
})
