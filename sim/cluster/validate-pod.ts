import type { PodSpec, PodTemplateSpec } from 'kubernetes-types/core/v1.js'
import { isEmpty, nonNegative, oneOf } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'
import { dnsLabelFault, dnsSubdomainFault } from './names.ts'
import { validateContainers, validateInitContainers } from './validate-container.ts'
import { validateAnnotations, validateLabels } from './validate-meta.ts'
import { validateAffinity, validateSpread, validateTolerations } from './validate-scheduling.ts'
import { validateVolumes } from './validate-volume.ts'

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never']
const INT32_MAX = 2 ** 31 - 1

/** Judges a pod, or the pod of a template. Security contexts, and what only other operating systems know, are not judged. */
export function validatePodSpec(path: string, spec: PodSpec | undefined, errors: FieldErrors): void {
  if (spec === undefined) {
    errors.required(`${path}.containers`)
    return
  }
  nonNegative(`${path}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds, errors)
  const volumes = validateVolumes(`${path}.volumes`, spec.volumes ?? [], errors)
  const context = { graceS: spec.terminationGracePeriodSeconds ?? 30, volumes }
  const containers = spec.containers ?? []
  validateContainers(`${path}.containers`, containers, context, errors)
  validateInitContainers(`${path}.initContainers`, spec.initContainers ?? [], containers, context, errors)
  checkHostNetwork(path, spec, errors)
  oneOf(`${path}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES, errors)
  oneOf(`${path}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES, errors)
  validateLabels(`${path}.nodeSelector`, spec.nodeSelector, errors)
  if (spec.affinity !== undefined) validateAffinity(`${path}.affinity`, spec.affinity, errors)
  validateSpread(`${path}.topologySpreadConstraints`, spec.topologySpreadConstraints ?? [], errors)
  for (const field of ['serviceAccountName', 'nodeName'] as const) {
    if (!isEmpty(spec[field])) errors.check(`${path}.${field}`, spec[field]!, dnsSubdomainFault)
  }
  const deadlineS = spec.activeDeadlineSeconds
  if (deadlineS !== undefined && (deadlineS < 1 || deadlineS > INT32_MAX)) {
    errors.invalid(`${path}.activeDeadlineSeconds`, deadlineS, `must be between 1 and ${INT32_MAX}, inclusive`)
  }
  for (const field of ['hostname', 'subdomain'] as const) {
    if (!isEmpty(spec[field])) errors.check(`${path}.${field}`, spec[field]!, dnsLabelFault)
  }
  validateTolerations(`${path}.tolerations`, spec.tolerations ?? [], errors)
  for (const field of ['priorityClassName', 'runtimeClassName'] as const) {
    if (!isEmpty(spec[field])) errors.check(`${path}.${field}`, spec[field]!, dnsSubdomainFault)
  }
  if (spec.preemptionPolicy !== undefined) {
    oneOf(`${path}.preemptionPolicy`, spec.preemptionPolicy, PREEMPTION_POLICIES, errors)
  }
}

export function validatePodTemplate(path: string, template: PodTemplateSpec | undefined, errors: FieldErrors): void {
  validateLabels(`${path}.labels`, template?.metadata?.labels, errors)
  validateAnnotations(`${path}.annotations`, template?.metadata?.annotations, errors)
  validatePodSpec(`${path}.spec`, template?.spec, errors)
  if ((template?.spec?.ephemeralContainers ?? []).length > 0) {
    errors.forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')
  }
}

function checkHostNetwork(path: string, spec: PodSpec, errors: FieldErrors): void {
  if (spec.hostNetwork !== true) return
  for (const [i, { ports }] of (spec.containers ?? []).entries()) {
    for (const [j, { hostPort, containerPort }] of (ports ?? []).entries()) {
      if ((hostPort ?? 0) === 0 || hostPort === containerPort) continue
      const at = `${path}.containers[${i}].ports[${j}].hostPort`
      errors.invalid(at, hostPort, 'must match `containerPort` when `hostNetwork` is true')
    }
  }
}
