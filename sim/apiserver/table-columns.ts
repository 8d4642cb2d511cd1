import type { KubeObject, ResourceType } from '../cluster/index.ts'
import { AUTOSCALER_TABLE } from './table-autoscaler.ts'
import { CORE_TABLES } from './table-core.ts'
import { age, layout, type TableLayout } from './table-layout.ts'
import { NETWORK_TABLES } from './table-network.ts'
import { POLICY_TABLES } from './table-policy.ts'
import { STORAGE_TABLES } from './table-storage.ts'
import { WORKLOAD_TABLES } from './table-workloads.ts'

const LAYOUTS = new Map<ResourceType, TableLayout>([
  ...CORE_TABLES,
  ...NETWORK_TABLES,
  ...WORKLOAD_TABLES,
  AUTOSCALER_TABLE,
  ...STORAGE_TABLES,
  ...POLICY_TABLES,
])

/** Of kinds that nobody has given columns: roles, limit ranges, definitions of custom resources. */
const PLAIN = layout<KubeObject>(['Name', 'Created At@'], ({ metadata }) => [metadata.name, metadata.creationTimestamp])

const CUSTOM = layout<KubeObject>(['Name', 'Age@'], (object, nowMs) => [object.metadata.name, age(object, nowMs)])

/** The columns that Kubernetes prints, in its words and order. */
export function layoutOf(type: ResourceType): TableLayout {
  return LAYOUTS.get(type) ?? (type.isCustom ? CUSTOM : PLAIN)
}
