import type { ConfigMap } from 'kubernetes-types/core/v1.js'
import t from 'tap'
import { Prng, VirtualClock } from '../../../base/index.ts'
import {
  ConfigMaps,
  ensureNamespace,
  Jobs,
  Namespaces,
  ObjectStore,
  parseFieldSelector,
  Pods,
  Secrets,
  ServiceAccounts,
  startNamespaceContents,
  startNamespaceLifecycle,
} from '../../../sim/cluster/index.ts'

const ROOT_CA = 'kube-root-ca.crt'

function setUp(): ObjectStore {
  const store = new ObjectStore(new VirtualClock(), new Prng('contents'))
  ensureNamespace(store, 'before')
  startNamespaceLifecycle(store)
  return store
}

function certificate(store: ObjectStore, namespace: string): string | undefined {
  return store.get<ConfigMap>(ConfigMaps, namespace, ROOT_CA)?.data?.['ca.crt']
}

void t.test('each namespace has a service account and the certificate of the authority', async t => {
  const store = setUp()
  const end = startNamespaceContents(store, 'PEM')
  ensureNamespace(store, 'after')
  for (const namespace of ['before', 'after']) {
    t.ok(store.get(ServiceAccounts, namespace, 'default'))
    t.equal(certificate(store, namespace), 'PEM')
  }
  const { uid } = store.get(ServiceAccounts, 'after', 'default')!.metadata
  store.delete(ServiceAccounts, 'after', 'default')
  t.not(store.get(ServiceAccounts, 'after', 'default')!.metadata.uid, uid, 'comes back as another')
  store.delete(ConfigMaps, 'after', ROOT_CA)
  t.equal(certificate(store, 'after'), 'PEM')
  store.modify<ConfigMap>(ConfigMaps, 'after', ROOT_CA, current => ({ ...current, data: { 'ca.crt': 'forged' } }))
  t.equal(certificate(store, 'after'), 'PEM')

  store.delete(Namespaces, undefined, 'after')
  t.equal(store.get(Namespaces, undefined, 'after'), undefined, 'and does not keep its namespace alive')
  t.equal(store.count(ServiceAccounts, 'after') + store.count(ConfigMaps, 'after'), 0)

  end()
  ensureNamespace(store, 'later')
  t.equal(store.count(ServiceAccounts, 'later'), 0)
})

void t.test('what later objects are called does not depend on it', async t => {
  const names = (withContents: boolean): string[] => {
    const store = setUp()
    if (withContents) startNamespaceContents(store, 'PEM')
    ensureNamespace(store, 'after')
    const { metadata } = store.create(Pods, { metadata: { generateName: 'web-', namespace: 'after' } })
    return [metadata.name, metadata.uid]
  }
  t.same(names(true), names(false))
})

void t.test('jobs and secrets can be selected by their own fields', async t => {
  const done = { metadata: { name: 'j' }, status: { succeeded: 2 } }
  t.ok(parseFieldSelector(Jobs, 'status.successful=2')!(done))
  t.notOk(parseFieldSelector(Jobs, 'status.successful=0')!(done))
  t.ok(parseFieldSelector(Secrets, 'type!=Opaque')!({ metadata: { name: 's' }, type: 'mine' } as object))
  t.throws(() => parseFieldSelector(Secrets, 'data=x'), { message: 'field label not supported: data' })
  t.throws(() => parseFieldSelector(Jobs, 'spec.x=1'), { message: 'field label "spec.x" not supported for Job' })
})
