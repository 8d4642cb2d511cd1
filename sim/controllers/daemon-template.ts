import type { Pod, PodSpec, PodTemplateSpec, Toleration } from 'kubernetes-types/core/v1.js'
import { type AdmissionOptions, admitPod, applyDefaults, Pods } from '../cluster/index.ts'
import { REVISION_LABEL } from './template-hash.ts'

const GENERATION_LABEL = 'pod-template-generation'
const PREFIX = 'node.kubernetes.io/'

/**
 * What all pods of a DaemonSet's template have in common: its tolerations, defaults and admission included.
 *
 * @param generation of the template, where the set carries it in its deprecated annotation.
 */
export function daemonPrototype(
  template: PodTemplateSpec,
  hash: string,
  generation: string | undefined,
  admission: AdmissionOptions,
): Pod {
  const prototype: Pod = structuredClone(template)
  const labels: Record<string, string> = { ...prototype.metadata?.labels, [REVISION_LABEL]: hash }
  if (generation !== undefined) labels[GENERATION_LABEL] = generation
  prototype.metadata = { ...prototype.metadata, labels }
  if (prototype.spec !== undefined) prototype.spec.tolerations = withDaemonTolerations(prototype.spec)
  applyDefaults(Pods, prototype)
  admitPod(prototype, admission)
  return prototype
}

/** A daemon stays on a node that is in trouble, and comes to one that is cordoned. */
function withDaemonTolerations({ tolerations = [], hostNetwork }: PodSpec): Toleration[] {
  const wanted: Toleration[] = [
    { key: `${PREFIX}not-ready`, operator: 'Exists', effect: 'NoExecute' },
    { key: `${PREFIX}unreachable`, operator: 'Exists', effect: 'NoExecute' },
    { key: `${PREFIX}disk-pressure`, operator: 'Exists', effect: 'NoSchedule' },
    { key: `${PREFIX}memory-pressure`, operator: 'Exists', effect: 'NoSchedule' },
    { key: `${PREFIX}pid-pressure`, operator: 'Exists', effect: 'NoSchedule' },
    { key: `${PREFIX}unschedulable`, operator: 'Exists', effect: 'NoSchedule' },
  ]
  if (hostNetwork === true) {
    wanted.push({ key: `${PREFIX}network-unavailable`, operator: 'Exists', effect: 'NoSchedule' })
  }
  // One that is there already loses its limit.
  const isSame = (a: Toleration, b: Toleration): boolean =>
    a.key === b.key && a.effect === b.effect && a.operator === b.operator && (a.value ?? '') === (b.value ?? '')
  const kept = tolerations.map(toleration => wanted.find(other => isSame(other, toleration)) ?? toleration)
  return [...kept, ...wanted.filter(toleration => !kept.includes(toleration))]
}
