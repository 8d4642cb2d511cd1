import { parse } from 'yaml'
import type { EligibleFrom } from './probes/index.ts'

/**
 * From which event a subject with this configuration can know a pod: its address in the Pod object for role `pod`, its
 * appearance in an EndpointSlice for the roles that follow services. With several roles, the earlier one counts.
 */
export function eligibleFrom(config: string): EligibleFrom {
  const roles = new Set<unknown>()
  const parsed = parse(config) as { scrape_configs?: { kubernetes_sd_configs?: { role?: unknown }[] }[] } | null
  for (const job of parsed?.scrape_configs ?? []) {
    for (const discovery of job.kubernetes_sd_configs ?? []) roles.add(discovery.role)
  }
  const byService = roles.has('endpoints') || roles.has('endpointslice') || roles.has('endpointslices')
  return byService && !roles.has('pod') ? 'pod-in-slice' : 'pod-addressed'
}
