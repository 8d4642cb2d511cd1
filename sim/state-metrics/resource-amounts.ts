import { amountOf } from '../cluster/amounts.ts'
import type { StateSample } from './state-family.ts'

/** Resources and amounts as samples with labels `resource` and `unit`, after `labels`; what kube-state-metrics does not know is left out. */
export function resourceSamples(
  amounts: Readonly<Record<string, string>> | undefined,
  labels: readonly string[] = [],
  counted: ReadonlySet<string> = NONE,
): StateSample[] {
  return Object.entries(amounts ?? {}).flatMap(([resource, quantity]) => {
    const unit = unitOf(resource, counted)
    const value = amountOf(quantity)
    if (unit === undefined || value === undefined) return []
    return [{ labels: [...labels, resource.replaceAll(/[^a-zA-Z0-9_]/g, '_'), unit], value }]
  })
}

const NONE: ReadonlySet<string> = new Set()
const BYTES = new Set(['memory', 'storage', 'ephemeral-storage'])

function unitOf(resource: string, counted: ReadonlySet<string>): string | undefined {
  if (resource === 'cpu') return 'core'
  if (BYTES.has(resource) || resource.startsWith('hugepages-') || resource.startsWith('attachable-volumes-'))
    return 'byte'
  if (counted.has(resource)) return 'integer'
  // Extended resources have a domain, which is not Kubernetes' own.
  const isExtended = resource.includes('/') && !resource.includes('kubernetes.io/') && !resource.startsWith('requests.')
  return isExtended ? 'integer' : undefined
}
