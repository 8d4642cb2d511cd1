// Programs in pods: they are the container's life, told as a kubelet tells it, and nothing of them stays.
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { findProgram } from '../../../harness/peers/index.ts'
import { planPrograms } from '../../../harness/processes/programs.ts'
import { resolveScenario } from '../../../harness/scenario.ts'
import type { ScenarioInput } from '../../../scenarios/index.ts'
import { profileFaults } from '../../../sim/index.ts'
import { isReady, pause, startWorld } from './world.ts'

/** Listens on its pod's address, says its number, and ends with code 3 when it is asked to. */
const SERVER = `
  const [host, ...names] = process.argv.slice(1)
  console.log(process.pid, host, ...names)
  require('net').createServer().listen(7000, host)
  process.on('SIGTERM', () => process.exit(3))
`

function statusOf(pod: Pod | undefined, container: string): ContainerStatus | undefined {
  return pod?.status?.containerStatuses?.find(({ name }) => name === container)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie answers too; it waits for its parent only.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function untilDead(pid: number): Promise<void> {
  while (isAlive(pid)) await pause(10)
}

t.test('a program is ready when it accepts, is killed with its pod, and its log is kept', async t => {
  const world = await startWorld(t, {
    server: {
      replicas: 1,
      containers: [
        { name: 'program', process: ['node', '-e', SERVER, '$POD_IP', '${POD_NAME}', '$NODE_NAME'], port: 7000 },
        { name: 'page', profile: 'web-service', port: 8080 },
      ],
    },
  })
  const [pod] = await world.until(pods => pods.length === 1 && pods.every(isReady))
  const { name } = pod!.metadata!
  t.match(pod?.spec?.containers[0], { command: ['node', '-e', SERVER, '$(POD_IP)', '$(POD_NAME)', '$(NODE_NAME)'] })
  const log = (container: string): string =>
    readFileSync(`${world.dir}/processes/default_${name}_${container}.0.log`, 'utf8')
  const [pid, ...told] = log('program').trim().split(' ')
  t.same(told, [pod?.status?.podIP, name, 'node-0'])
  t.ok(isAlive(Number(pid)))
  t.equal(await world.log(pod!, 'program'), log('program'), 'kubectl logs shows what it wrote')
  t.match(await world.log(pod!, 'page'), /\n/, 'and of a simulated container what is made up')
  await world.remove(pod!)
  const isIt = (each: Pod): boolean =>
    each.metadata?.name === name && statusOf(each, 'program')?.state?.terminated !== undefined
  const seen = (await world.until(pods => pods.some(isIt))).find(isIt)
  t.match(statusOf(seen, 'program')?.state?.terminated, { exitCode: 3 }, 'it ended as it wanted, within the grace')
  await untilDead(Number(pid))
  await world.until(pods => pods.every(each => each.metadata?.name !== name))
})

t.test('a program that ends is started again, and waits when it does so again and again', async t => {
  const world = await startWorld(t, {
    crasher: {
      replicas: 1,
      containers: [
        { name: 'crasher', process: ['sh', '-c', 'echo $POD_IP; echo $$; exit 7'] },
        { name: 'page', profile: 'web-service', port: 8080 },
      ],
    },
  })
  const [pod] = await world.until(([one]) => statusOf(one, 'crasher')?.state?.waiting?.reason === 'CrashLoopBackOff')
  t.match(statusOf(pod, 'crasher'), { restartCount: 1, ready: false, lastState: { terminated: { exitCode: 7 } } })
  t.match(statusOf(pod, 'page'), { restartCount: 0, ready: true }, 'the other container goes on')
  t.notOk(isReady(pod!))
  const [first, second] = [
    await world.log(pod!, 'crasher', '&previous=true&limitBytes=4'),
    await world.log(pod!, 'crasher'),
  ]
  t.equal(first, '127.')
  t.match(second, new RegExp(`^${pod?.status?.podIP}\\n\\d+\\n$`))
  t.match(await world.log(pod!, 'crasher', '&tailLines=1&timestamps=true'), /^\d{4}-\d\d-\d\dT\S+Z \d+\n$/)
})

t.test(
  'nothing stays when the harness is killed',
  { skip: findProgram('setpriv') === undefined && 'no setpriv here' },
  async t => {
    const module = new URL('./killed-world.js', import.meta.url)
    const child: ChildProcess = spawn(process.execPath, [module.pathname, t.testdir()], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pid = await new Promise<number>(resolve => {
      child.stdout!.once('data', (text: Buffer) => resolve(Number(text.toString())))
    })
    t.ok(isAlive(pid))
    child.kill('SIGKILL')
    await untilDead(pid)
    t.notOk(isAlive(pid))
  },
)

const INPUT: ScenarioInput = {
  name: 'programs',
  description: 'for tests',
  cluster: {
    nodes: 1,
    workloads: {
      there: { replicas: 1, containers: [{ name: 'a', process: ['node', '$POD_IP'], port: 1 }] },
      missing: { replicas: 1, optional: true, containers: [{ name: 'a', process: ['not-a-program', '$POD_IP'] }] },
    },
  },
  scenarios: {},
  duration: '1s',
  settle: '1s',
  scrapeInterval: '1s',
}

const resolve = (input: ScenarioInput, ...set: string[]): ReturnType<typeof resolveScenario> =>
  resolveScenario(input, { profile: 'quick', seed: '1', set })

t.test('a program that is not installed is told before anything runs', async t => {
  const plan = await planPrograms(resolve(INPUT).cluster)
  t.same(
    plan.cluster.workloads.map(({ name }) => name),
    ['there'],
  )
  t.match(plan.remarks, [
    /^workload default\/missing was left out; not installed: not-a-program \(put not-a-program on PATH\)$/,
    /^real programs ran in pods: node /,
  ])
  t.same([...plan.programs.keys()], ['node'])
  await t.rejects(planPrograms(resolve(INPUT, 'cluster.workloads.missing.optional=false').cluster), {
    code: 'CHURN_PROGRAM_MISSING',
    exitCode: 2,
    message: 'workload default/missing cannot be run: not installed: not-a-program (put not-a-program on PATH)',
  })
})

t.test('all faults of containers are told at once', async t => {
  const containers = [
    { name: 'a', profile: 'synthetic?gauges=-1', process: ['x', '$POD_IP'], port: 80 },
    { name: 'a', process: ['x'], port: 80, metrics: true },
    { name: 'c', simulates: 'memcached-client', port: 1 },
    { name: 'd', process: ['x', '$POD_IP'], metrics: true },
  ] as const
  const cluster = { nodes: 1, workloads: { bad: { replicas: 1, containers } } }
  const at = 'cluster.workloads.bad.containers'
  t.throws(() => resolve({ ...INPUT, cluster }), {
    code: 'CHURN_SCENARIO',
    message: [
      'scenario programs cannot be run:',
      `${at}.0: must have one of profile, simulates and process`,
      `${at}.0.profile: ${profileFaults('synthetic?gauges=-1')[0]}`,
      `${at}.1.process: must name $POD_IP, the address that it may listen on`,
      `${at}.2.port: a client has none`,
      `${at}.3.port: is missing; metrics are scraped there`,
      `${at}.1.name: "a" is the name of another container of the pod`,
      `${at}.1.port: 80 is that of another container of the pod`,
    ].join('\n  '),
  })
})
