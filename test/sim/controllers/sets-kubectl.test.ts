// The real kubectl on StatefulSets and DaemonSets: what it waits for, remembers, undoes and deletes.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Pod, PodTemplateSpec } from 'kubernetes-types/core/v1.js'
import t, { type Test } from 'tap'
import { SystemClock } from '../../../base/index.ts'
import { createApiServer, writeKubeconfig } from '../../../sim/apiserver/index.ts'
import { ControllerRevisions, DaemonSets, Pods, StatefulSets } from '../../../sim/cluster/index.ts'
import { type Sim, simulate } from './harness.ts'
import { daemonSet, statefulSet, template } from './sets.ts'

const KUBECTL = '/usr/bin/kubectl'
const run = promisify(execFile)

interface Fixture {
  readonly sim: Sim
  /** Runs a command, then lets a minute of planned time pass. Returns what was printed. */
  readonly kubectl: (...args: string[]) => Promise<string>
  readonly manifest: string
}

/** A cluster on virtual time behind a real server, and a file with one set of each kind. */
async function start(t: Test): Promise<Fixture> {
  const sim = simulate({ nodes: 3 })
  const api = await createApiServer(new SystemClock({ unref: true }), sim.store, {
    host: '127.0.0.1',
    port: 0,
    tls: true,
    onInternalError: error => t.fail('internal error', { found: error }),
  })
  t.teardown(() => api.close())
  const dir = t.testdir({})
  const kubeconfig = join(dir, 'kubeconfig')
  await writeKubeconfig(kubeconfig, api)
  const manifest = join(dir, 'sets.yaml')
  // Whole, as kubectl writes a template that it has read: it compares the bytes.
  const whole = (app: string): PodTemplateSpec => ({
    ...template(app),
    spec: { containers: [{ name: 'main', image: 'app:1', resources: {} }] },
  })
  const items = [
    { apiVersion: 'apps/v1', kind: 'StatefulSet', ...statefulSet('db', 3, { template: whole('db') }) },
    { apiVersion: 'apps/v1', kind: 'DaemonSet', ...daemonSet('log', { template: whole('log') }) },
  ]
  await writeFile(manifest, items.map(item => JSON.stringify(item)).join('\n---\n'))
  return {
    sim,
    manifest,
    async kubectl(...args) {
      const { stdout } = await run(KUBECTL, ['--kubeconfig', kubeconfig, '--cache-dir', join(dir, 'cache'), ...args])
      sim.clock.advance(60_000)
      return stdout
    },
  }
}

const skip = existsSync(KUBECTL) ? false : `${KUBECTL} is not installed`

void t.test('kubectl rolls StatefulSets and DaemonSets forth and back', { skip }, async t => {
  const { sim, kubectl, manifest } = await start(t)
  const images = (app: string): string[] => [...new Set(sim.pods(app).map(({ spec }) => spec!.containers[0]!.image!))]
  const isRolledOut = async (): Promise<void> => {
    const status = await kubectl('rollout', 'status', 'sts/db', 'ds/log', '--timeout=5s')
    // Partition 0 is a partition to kubectl.
    t.match(status, /roll out complete: 3 new pods.*\n.*successfully rolled out\n/)
  }
  await kubectl('apply', '-f', manifest)
  await isRolledOut()
  await kubectl('set', 'image', 'sts/db', 'ds/log', 'main=app:2')
  await isRolledOut()
  t.same([images('db'), images('log')], [['app:2'], ['app:2']])
  for (const set of ['sts/db', 'ds/log']) {
    t.match(await kubectl('rollout', 'history', set), /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n/)
    t.match(await kubectl('rollout', 'history', set, '--revision=1'), /Image:\tapp:1\n/)
    t.match(await kubectl('rollout', 'undo', set), / rolled back/)
  }
  await isRolledOut()
  t.same([images('db'), images('log')], [['app:1'], ['app:1']])
  for (const set of ['sts/db', 'ds/log']) {
    t.match(await kubectl('rollout', 'history', set), /REVISION +CHANGE-CAUSE\n2 +<none>\n3 +<none>\n/)
    t.match(await kubectl('rollout', 'undo', set, '--to-revision=3'), /skipped rollback/)
  }
  await kubectl('rollout', 'restart', 'sts/db', 'ds/log')
  for (const set of ['sts/db', 'ds/log']) {
    t.match(await kubectl('rollout', 'history', set), /\n2 +<none>\n3 +<none>\n4 +<none>\n/)
  }
  await isRolledOut()
  t.match(await kubectl('scale', 'sts/db', '--replicas=5'), /scaled/)
  t.equal(sim.pods('db').length, 5)
})

void t.test('kubectl deletes them with their pods, after their pods, or without', { skip }, async t => {
  const { sim, kubectl, manifest } = await start(t)
  const uids = (): string[] =>
    sim.store
      .list<Pod>(Pods)
      .map(({ metadata }) => metadata.uid)
      .sort()
  await kubectl('apply', '-f', manifest)
  const before = uids()
  t.equal(before.length, 6)
  await kubectl('delete', '-f', manifest, '--cascade=orphan', '--timeout=5s')
  t.same(uids(), before)
  t.notOk(sim.store.list<Pod>(Pods).some(({ metadata }) => metadata.ownerReferences !== undefined))
  t.equal(sim.store.count(ControllerRevisions), 2)
  t.equal(sim.store.count(StatefulSets) + sim.store.count(DaemonSets), 0)

  await kubectl('apply', '-f', manifest)
  t.same(uids(), before, 'adopted again')
  t.ok(sim.store.list<Pod>(Pods).every(({ metadata }) => metadata.ownerReferences?.length === 1))
  t.equal(sim.store.count(ControllerRevisions), 2, 'and their history with them')

  await kubectl('delete', '-f', manifest, '--cascade=foreground', '--wait=false')
  t.same(uids(), [])
  const owners = new Set(['StatefulSet', 'DaemonSet'])
  const ends = sim.events
    .filter(({ event }) => event.type === 'DELETED' && (event.resource === Pods || owners.has(event.object.kind!)))
    .map(({ event }) => event.object.kind!)
  t.same(ends.slice(-8).filter(kind => kind === 'Pod').length, 6)
  t.equal(ends.lastIndexOf('StatefulSet') > ends.indexOf('Pod') + 2, true, 'after their pods')
  t.equal(sim.store.count(ControllerRevisions), 0)

  await kubectl('apply', '-f', manifest)
  await kubectl('delete', '-f', manifest, '--timeout=5s')
  t.same(uids(), [])
  t.equal(sim.store.count(ControllerRevisions), 0)
})
