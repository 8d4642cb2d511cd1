import type { Service } from 'kubernetes-types/core/v1.js'
import {
  allocateServiceAddresses,
  applyDefaults,
  ensureNamespace,
  type ObjectStore,
  Services,
} from '../../cluster/index.ts'
import type { ServiceEvent } from '../churn-event.ts'
import { serviceObject } from './traced-objects.ts'

/** Makes a Service what an event of the trace says. One that is gone already stays so. */
export function applyService(store: ObjectStore, event: ServiceEvent): void {
  const { op, namespace, name } = event
  const current = store.get<Service>(Services, namespace, name)
  if (op === 'deleted') {
    if (current !== undefined) store.delete(Services, namespace, name)
    return
  }
  ensureNamespace(store, namespace)
  const wanted = serviceObject(event)
  applyDefaults(Services, wanted)
  allocateServiceAddresses(store, wanted, current)
  if (current === undefined) store.create<Service>(Services, wanted)
  else store.update<Service>(Services, { ...wanted, metadata: { ...current.metadata, ...wanted.metadata } })
}
