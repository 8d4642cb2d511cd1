import type { StatusCause } from 'kubernetes-types/meta/v1.js'
import { ApiError } from '../cluster/index.ts'
import type { Conflict } from '../managed-fields/index.ts'

const MANAGER_LENGTH_MAX = 128

/** Who writes: what the request says, else the first word of its User-Agent. */
export function fieldManager(query: URLSearchParams, userAgent: string | undefined): string {
  const named = query.get('fieldManager') ?? ''
  if (named !== '') return checked(named)
  const [program = ''] = (userAgent ?? '').split('/')
  // eslint-disable-next-line no-control-regex -- only printable characters make a name
  return program.replaceAll(/[^\x20-\x7e]/g, '').slice(0, MANAGER_LENGTH_MAX) || 'unknown'
}

function checked(manager: string): string {
  if (manager.length > MANAGER_LENGTH_MAX) {
    throw new ApiError(
      'Invalid',
      `PatchOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than ${MANAGER_LENGTH_MAX} bytes`,
    )
  }
  return manager
}

/** An apply that would change what others own, in Kubernetes' words. */
export function applyConflict(conflicts: readonly Conflict[]): ApiError {
  const causes: StatusCause[] = conflicts.map(conflict => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${described(conflict)}`,
    field: conflict.path,
  }))
  return new ApiError('Conflict', message(conflicts), { causes })
}

function message(conflicts: readonly Conflict[]): string {
  if (conflicts.length === 1) {
    const [conflict] = conflicts
    return `Apply failed with 1 conflict: conflict with ${described(conflict!)}: ${conflict!.path}`
  }
  const byManager = new Map<string, string[]>()
  for (const conflict of conflicts) {
    const manager = described(conflict)
    byManager.set(manager, [...(byManager.get(manager) ?? []), `- ${conflict.path}`])
  }
  const parts = [...byManager]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([manager, paths]) => [`conflicts with ${manager}:`, ...paths])
  return `Apply failed with ${conflicts.length} conflicts: ${parts.join('\n')}`
}

function described({ workflow }: Conflict): string {
  const { manager, operation, apiVersion, subresource } = workflow
  const name = `${JSON.stringify(manager)}${subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`}`
  return operation === 'Update' ? `${name} using ${apiVersion}` : name
}
