import { createHash } from 'node:crypto'
import type { Pod } from './pod-watch.ts'

export interface Target {
  readonly uid: string
  readonly origin: string
  readonly path: string
  readonly labels: Readonly<Record<string, string>>
}

/** What the customary annotations ask for; `undefined` for a pod that cannot or does not want to be scraped. */
export function targetOf(pod: Pod, job: string): Target | undefined {
  const { uid, name, namespace, annotations = {}, labels = {} } = pod.metadata
  const { phase, podIP } = pod.status ?? {}
  const port = annotations['prometheus.io/port']
  if (annotations['prometheus.io/scrape'] !== 'true' || port === undefined) return undefined
  if (phase !== 'Running' || podIP === undefined || podIP === '') return undefined
  const app = labels.app ?? labels['app.kubernetes.io/name']
  return {
    uid,
    origin: `${annotations['prometheus.io/scheme'] ?? 'http'}://${podIP}:${port}`,
    path: annotations['prometheus.io/path'] ?? '/metrics',
    labels: {
      job,
      instance: `${podIP}:${port}`,
      namespace,
      pod: name,
      node: pod.spec?.nodeName ?? '',
      ...(app === undefined ? {} : { app }),
    },
  }
}

/** A place of its own within the interval, for ever the same: a whole number of milliseconds. */
export function offsetOf(target: Target, intervalMs: number): number {
  return createHash('sha256').update(target.uid).digest().readUInt32BE(0) % intervalMs
}

/** Labels of a stored sample. What a target says of itself gives way to what is known of it, and gets another name. */
export function storedLabels(
  target: Target,
  exposed: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const out: Record<string, string> = {}
  for (const [name, value] of Object.entries(exposed)) {
    out[Object.hasOwn(target.labels, name) ? `exported_${name}` : name] = value
  }
  return { ...out, ...target.labels }
}
