import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { Prng, SystemClock, VirtualClock } from '../../../base/index.ts'
import { createApiServer, writeKubeconfig } from '../../../sim/apiserver/index.ts'
import { applyDefaults, ensureNamespace, type KubeObject, ObjectStore } from '../../../sim/cluster/index.ts'

/**
 * What the real kubectl prints of each kind, with and without `-o wide`. `GOLDEN_UPDATE=1` writes the texts anew; read the
 * diff like code. The objects are 90 s old.
 */
const KUBECTL = '/usr/bin/kubectl'
const FOLDER = 'test/sim/apiserver/tables'
const CLUSTER_KINDS = 'pv,sc,pc,ingressclasses,clusterroles,clusterrolebindings,crd'
const KINDS = 'sts,ds,controllerrevisions,jobs,cj,hpa,pdb,ing,netpol,cm,secrets,sa,pvc,quota,limits,roles,rolebindings'

void t.test('kubectl get', { skip: existsSync(KUBECTL) ? false : `${KUBECTL} is not installed` }, async t => {
  const clock = new VirtualClock()
  const store = new ObjectStore(clock, new Prng('tables'))
  ensureNamespace(store, 'default')
  for (const document of parseAllDocuments(readFileSync(`${FOLDER}/objects.yaml`, 'utf8'))) {
    const object = document.toJS() as KubeObject
    const type = store.resources.all().find(({ kind }) => kind === object.kind)!
    object.metadata = { ...object.metadata, ...(type.namespaced ? { namespace: 'default' } : {}) }
    applyDefaults(type, object)
    store.create(type, object)
  }
  clock.advance(90_000)

  const api = await createApiServer(new SystemClock({ unref: true }), store, {
    host: '127.0.0.1',
    port: 0,
    tls: true,
    onInternalError: error => t.fail('internal error', { found: error }),
  })
  t.teardown(() => api.close())
  const dir = t.testdir({})
  const kubeconfig = join(dir, 'kubeconfig')
  await writeKubeconfig(kubeconfig, api)
  await mkdir(join(dir, '.kube'))
  const env = { PATH: '/usr/bin:/bin', HOME: dir, KUBECONFIG: kubeconfig }
  for (const [name, args] of Object.entries({
    namespaced: ['get', KINDS],
    'namespaced-wide': ['get', KINDS, '-o', 'wide'],
    cluster: ['get', CLUSTER_KINDS],
    'cluster-wide': ['get', CLUSTER_KINDS, '-o', 'wide'],
  })) {
    const { stdout, stderr } = await promisify(execFile)(KUBECTL, args, { env })
    t.equal(stderr, '', name)
    const text = stdout.replaceAll(/ +$/gm, '')
    const file = `${FOLDER}/${name}.txt`
    if (process.env.GOLDEN_UPDATE === '1') writeFileSync(file, text)
    t.equal(text, readFileSync(file, 'utf8'), name)
  }
})
