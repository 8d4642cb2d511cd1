import type { RoleBinding } from 'kubernetes-types/rbac/v1.js'
import type { PriorityClass } from 'kubernetes-types/scheduling/v1.js'
import { ClusterRoleBindings, PriorityClasses, RoleBindings } from '../cluster/index.ts'
import { age, layout, type LayoutOfKind } from './table-layout.ts'

const BINDING = layout<RoleBinding>(
  ['Name', 'Role', 'Age', 'Users*', 'Groups*', 'ServiceAccounts*'],
  (binding, nowMs) => {
    const { metadata, roleRef, subjects = [] } = binding
    const named = (kind: string): string =>
      subjects.flatMap(subject => (subject.kind === kind ? [subject.name] : [])).join(', ')
    const accounts = subjects.flatMap(({ kind, namespace, name }) =>
      kind === 'ServiceAccount' ? [`${namespace ?? ''}/${name}`] : [],
    )
    return [
      metadata.name,
      `${roleRef.kind}/${roleRef.name}`,
      age(binding, nowMs),
      named('User'),
      named('Group'),
      accounts.join(', '),
    ]
  },
)

export const POLICY_TABLES: readonly LayoutOfKind[] = [
  [RoleBindings, BINDING],
  [ClusterRoleBindings, BINDING],
  [
    PriorityClasses,
    layout<PriorityClass>(['Name', 'Value#', 'Global-Default?', 'Age', 'PreemptionPolicy'], (priorityClass, nowMs) => [
      priorityClass.metadata.name,
      priorityClass.value ?? 0,
      priorityClass.globalDefault ?? false,
      age(priorityClass, nowMs),
      priorityClass.preemptionPolicy ?? '',
    ]),
  ],
]
