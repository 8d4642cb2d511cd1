import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Stored } from '../../cluster/index.ts'
import { isTracedAnnotation } from '../churn-event.ts'

/** Whether a pod, or the pods of a workload, say that they want to be scraped. */
export function hasScrapeAnnotations(object: Stored): boolean {
  const { spec, metadata } = object as Stored<Deployment>
  const annotations = { ...metadata.annotations, ...spec?.template?.metadata?.annotations }
  return Object.keys(annotations).some(isTracedAnnotation)
}
