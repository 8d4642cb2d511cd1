import type { Service } from 'kubernetes-types/core/v1.js'
import { addObjectMeta, type MetaLabels, NAMESPACE } from './meta-labels.ts'

/** What every target behind a service says of it. */
export function serviceLabels(service: Service): MetaLabels {
  const labels: MetaLabels = { [NAMESPACE]: service.metadata?.namespace ?? '' }
  addObjectMeta(labels, service.metadata, 'service')
  return labels
}
