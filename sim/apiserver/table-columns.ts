import type { KubeObject, ResourceType } from '../cluster/index.ts'
import { customLayout } from './custom/custom-table.ts'
import { AUTOSCALER_TABLE } from './table-autoscaler.ts'
import { CORE_TABLES } from './table-core.ts'
import { layout, type TableLayout } from './table-layout.ts'
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

/** Of kinds that nobody has given columns: roles, limit ranges, definitions. */
const PLAIN = layout<KubeObject>(['Name', 'Created At@'], ({ metadata }) => [metadata.name, metadata.creationTimestamp])

/** The columns that Kubernetes prints, in its words and order. */
export function layoutOf(type: ResourceType): TableLayout {
  return LAYOUTS.get(type) ?? customLayout(type) ?? PLAIN
}
