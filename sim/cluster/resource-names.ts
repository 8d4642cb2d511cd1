import { qualifiedNameFault } from './names.ts'

/**
 * What may be asked for, limited and counted. Each function returns `undefined` for a good name, else the sentence that
 * Kubernetes says about a bad one.
 */

const CONTAINER = new Set(['cpu', 'memory', 'ephemeral-storage'])
const COUNTED = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]
const QUOTA = new Set([
  ...CONTAINER,
  ...['cpu', 'memory', 'storage', 'ephemeral-storage'].map(name => `requests.${name}`),
  ...['cpu', 'memory', 'ephemeral-storage'].map(name => `limits.${name}`),
  ...COUNTED,
])
const HUGE_PAGES = /^(?:requests\.)?hugepages-/

/** Any resource at all; names with a prefix are for whoever owns it. */
export function resourceNameFault(name: string): string | undefined {
  const fault = qualifiedNameFault(name)
  if (fault !== undefined || name.includes('/')) return fault
  return QUOTA.has(name) || name === 'storage' || HUGE_PAGES.test(name)
    ? undefined
    : 'must be a standard resource type or fully qualified'
}

export function containerResourceFault(name: string): string | undefined {
  const fault = resourceNameFault(name)
  if (fault !== undefined || name.includes('/')) return fault
  return CONTAINER.has(name) || name.startsWith('hugepages-') ? undefined : 'must be a standard resource for containers'
}

export function quotaResourceFault(name: string): string | undefined {
  const fault = resourceNameFault(name)
  if (fault !== undefined || name.includes('/')) return fault
  return QUOTA.has(name) || HUGE_PAGES.test(name) ? undefined : 'must be a standard resource for quota'
}

/** Things that come whole: counted objects, and devices. */
export function isWhole(name: string): boolean {
  return COUNTED.includes(name) || isExtended(name)
}

/** Of these a request cannot be less than the limit: devices and huge pages. */
export function isNotOvercommitted(name: string): boolean {
  return isExtended(name) || name.startsWith('hugepages-')
}

function isExtended(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.')
}
