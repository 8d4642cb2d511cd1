import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { PacedClock, Prng, SystemClock } from '../../../base/index.ts'
import { peersByName, peerVersion, programsOf } from '../../../harness/peers/index.ts'
import { createApiServer, writeKubeconfig } from '../../../sim/apiserver/index.ts'
import { type KubeObject, ObjectStore, type ResourceType, type Stored } from '../../../sim/cluster/index.ts'
import { createCluster } from '../../../sim/controllers/index.ts'
import { FakeRuntime, TIMINGS } from '../controllers/harness.ts'

/** A cluster with controllers and two nodes on real time, everything as quick as it can be, and a kubectl that looks at it. */
export interface KubectlCluster {
  readonly store: ObjectStore
  readonly program: string
  readonly folder: string
  /** Runs kubectl with these words. Returns what it prints, stdout first, and `[exit 1]` behind it where it fails. */
  readonly kubectl: (...args: (string | Extras)[]) => Promise<string>
  /** `kubectl('-n', 'lab', …)`, with the words of one text. */
  readonly lab: (words: string, ...more: (string | Extras)[]) => Promise<string>
  /** Writes a file into `folder` and returns its path. */
  readonly file: (name: string, text: string) => Promise<string>
  /** What the store holds in the namespace `lab`; throws where there is none. */
  readonly object: <T extends KubeObject>(type: ResourceType, name: string) => Stored<T>
}

export interface Extras {
  readonly env?: Readonly<Record<string, string>>
}

/** One subtest for every kubectl on this machine: the one that this project built, and the system's. */
export function eachKubectl(description: string, body: (t: Test, cluster: KubectlCluster) => Promise<void>): void {
  const programs = programsOf(peersByName(['kubectl'])[0]!, process.env)
  if (programs.length === 0) void t.test(description, { skip: 'there is no kubectl' }, () => {})
  for (const program of programs) {
    void t.test(description, async t => {
      t.comment(`kubectl ${await peerVersion('kubectl', program)}: ${program}`)
      await body(t, await start(t, program))
    })
  }
}

async function start(t: Test, program: string): Promise<KubectlCluster> {
  const clock = new PacedClock()
  const prng = new Prng('kubectl')
  const store = new ObjectStore(clock, prng.fork('store'))
  const quick = { base: 1, jitter: 0 }
  const timings = { ...TIMINGS, scheduleMs: quick, startMs: quick, readyMs: quick, terminateMs: quick }
  const fail = (error: unknown): void => {
    t.fail('internal error', { found: error })
  }
  const cluster = createCluster(clock, prng.fork('cluster'), store, new FakeRuntime(), {
    spec: { nodes: 2, zones: 1, podsPerNodeMax: 110, workloads: [], timings },
    seed: 'kubectl',
    onFailure: fail,
  })
  const api = await createApiServer(new SystemClock({ unref: true }), store, {
    host: '127.0.0.1',
    port: 0,
    tls: true,
    onInternalError: fail,
  })
  clock.schedule(0, () => cluster.start())
  clock.start()
  t.teardown(async () => {
    clock.stop()
    await api.close()
  })
  const folder = t.testdir({})
  const kubeconfig = join(folder, 'kubeconfig')
  await writeKubeconfig(kubeconfig, api)
  const environment = { PATH: '/usr/bin:/bin', HOME: folder, TMPDIR: folder, KUBECONFIG: kubeconfig }
  const kubectl: KubectlCluster['kubectl'] = (...args) => {
    const words = args.filter(arg => typeof arg === 'string')
    const extras = args.filter(arg => typeof arg !== 'string')
    const env = Object.assign({}, environment, ...extras.map(extra => extra.env)) as NodeJS.ProcessEnv
    return new Promise(resolve => {
      execFile(program, words, { env, cwd: folder }, (error, stdout, stderr) => {
        resolve(`${stdout}${stderr}${error === null ? '' : `[exit ${error.code ?? error.signal}]\n`}`)
      })
    })
  }
  await kubectl('create', 'namespace', 'lab')
  return {
    store,
    program,
    folder,
    kubectl,
    lab: (words, ...more) => kubectl('-n', 'lab', ...words.split(' '), ...more),
    file: async (name, text) => {
      await writeFile(join(folder, name), text)
      return join(folder, name)
    },
    object: <T extends KubeObject>(type: ResourceType, name: string) => {
      const object = store.get<T>(type, 'lab', name)
      if (object === undefined) throw new Error(`there is no ${type.kind} ${name}`)
      return object
    },
  }
}
