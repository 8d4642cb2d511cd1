// What the main thread makes of requests about programs, without a cluster: nothing overtakes, nothing else is started.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { ProcessHost } from '../../../harness/processes/process-host.ts'
import type { FromProcesses, TargetSpec, ToProcesses } from '../../../sim/index.ts'
import { clock, pause } from './world.ts'

interface Rig {
  readonly host: ProcessHost
  readonly told: FromProcesses[]
  readonly dir: string
  readonly ask: (message: ToProcesses) => void
  readonly until: (isSo: () => boolean) => Promise<void>
}

function rig(t: { teardown(fn: () => unknown): void; testdir(): string }): Rig {
  const told: FromProcesses[] = []
  let ask: (message: ToProcesses) => void = () => {}
  const port = {
    postMessage: (message: FromProcesses): unknown => told.push(message),
    on(_: string, listener: (message: ToProcesses) => void) {
      ask = listener
      return port
    },
    close: () => {},
  }
  const dir = t.testdir()
  const programs = new Map([['node', process.execPath]])
  const host = new ProcessHost(clock, { programs, folder: dir, port: port as never })
  t.teardown(() => host.stop())
  return {
    host,
    told,
    dir,
    ask: message => ask(message),
    until: async isSo => {
      while (!isSo()) await pause(5)
    },
  }
}

function target(command: readonly string[], more: Partial<TargetSpec> = {}): TargetSpec {
  return {
    uid: 'u/c',
    slot: -1,
    address: '127.0.0.1',
    ports: [],
    runs: 'process',
    command,
    environment: { POD_IP: '127.0.0.1' },
    profile: '',
    namespace: 'n',
    pod: 'p',
    node: 'node-0',
    container: 'c',
    app: 'a',
    seed: '1',
    startedUnixMs: 0,
    ...more,
  }
}

t.test('only programs that the scenario names are started', async t => {
  const { ask, told, until, dir } = rig(t)
  const refused = target(['sh', '-c', 'touch /tmp/never'])
  ask({ type: 'open', id: 1, target: refused })
  await until(() => told.length === 2)
  t.same(told, [
    { type: 'event', target: refused, event: { type: 'ended', code: 128 } },
    { type: 'done', id: 1 },
  ])
  t.equal(readFileSync(`${dir}/n_p_c.0.log`, 'utf8'), 'the scenario names no program "sh", so it is not started\n')
})

t.test('a close that comes while the program is being started ends it; the next run has a log of its own', async t => {
  const { ask, told, until, dir } = rig(t)
  const sleeper = target(['node', '-e', 'console.log(process.env.POD_IP); setInterval(() => {}, 1000)'])
  ask({ type: 'open', id: 1, target: sleeper })
  ask({ type: 'close', id: 2, uid: sleeper.uid })
  ask({ type: 'open', id: 3, target: { ...sleeper, startedUnixMs: 1 } })
  await until(() => told.some(message => message.type === 'done' && message.id === 3))
  t.match(
    told.filter(message => message.type === 'event' && message.event.type === 'ended'),
    [{ event: { code: 137 }, target: { startedUnixMs: 0 } }],
  )
  await until(() => readFileSync(`${dir}/n_p_c.1.log`, 'utf8') !== '')
  t.equal(readFileSync(`${dir}/n_p_c.1.log`, 'utf8'), '127.0.0.1\n')
  ask({ type: 'partition', uids: [sleeper.uid], partitioned: true })
  ask({ type: 'terminate', uid: sleeper.uid })
  await pause(50)
  const ended = (): number => told.filter(message => message.type === 'event' && message.event.type === 'ended').length
  t.equal(ended(), 1, 'one that is stopped does not even end')
  ask({ type: 'partition', uids: [sleeper.uid], partitioned: false })
  await until(() => ended() === 2)
  t.match(told.at(-1), { event: { code: 143 } }, 'then SIGTERM does it')
})

t.test('at the end of the run everything ends, and nothing is started any more', async t => {
  const { ask, told, host } = rig(t)
  ask({
    type: 'open',
    id: 1,
    target: target(['node', '-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 9)']),
  })
  await host.stop()
  ask({ type: 'open', id: 2, target: target(['node', '-e', 'setInterval(() => {}, 9)'], { uid: 'v' }) })
  await host.stop()
  t.same(told, [], 'and nobody is told')
})
