import type { CronJob, Job, JobSpec, PodFailurePolicy, PodFailurePolicyRule } from 'kubernetes-types/batch/v1.js'
import type { ObjectMeta } from 'kubernetes-types/meta/v1.js'
import { cronFault, isTimeZone } from './cron-syntax.ts'
import { isEmpty, nonNegative, oneOf } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'
import { compileLabelSelector } from './label-selector.ts'
import { dnsLabelFault, qualifiedNameFault } from './names.ts'
import { validatePodTemplate } from './validate-pod.ts'
import { validateSelector } from './validate-selector.ts'

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const CONDITION_STATUS = ['False', 'True', 'Unknown']
const CONCURRENCY = ['Allow', 'Forbid', 'Replace']
const INDEXED_PARALLELISM_MAX = 100_000
const RULES_MAX = 20
const EXIT_CODES_MAX = 255
/** The controller appends eleven characters, and a job's name becomes a label. */
const CRON_JOB_NAME_MAX = 52

export function validateJob({ metadata, spec }: Job, errors: FieldErrors): void {
  if (spec === undefined) return errors.required('spec')
  if (spec.manualSelector !== true && spec.selector !== undefined) checkGenerated(metadata ?? {}, spec, errors)
  validateSpec('spec', spec, errors)
  const selects = validateSelector('spec.selector', spec.selector, errors)
  const labels = spec.template?.metadata?.labels
  if (spec.selector === undefined) errors.required('spec.selector')
  if (spec.selector === undefined || (selects !== undefined && !selects(labels))) {
    errors.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')
  }
  const count = spec.completions ?? 0
  if (spec.completionMode === 'Indexed' && count > 0) {
    const host = `${metadata?.name ?? ''}-${count - 1}`
    if (dnsLabelFault(host) !== undefined) {
      errors.invalid('metadata.name', metadata?.name, `will not able to create pod with invalid DNS label: ${host}`)
    }
  }
}

/** Selector and labels must be those that the job was given (`job-admission.ts`), and no others. */
function checkGenerated({ name = '', uid = '' }: ObjectMeta, spec: JobSpec, errors: FieldErrors): void {
  const labels = spec.template?.metadata?.labels ?? {}
  const expected: Record<string, string> = {
    'controller-uid': uid,
    'job-name': name,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
  }
  for (const [key, value] of Object.entries(expected)) {
    const path = `spec.template.metadata.labels[${key}]`
    if (labels[key] === undefined) errors.required(path, `must be '${value}'`)
    else if (labels[key] !== value) errors.invalid(path, labels, `must be '${value}'`)
  }
  const known = (spec.selector?.matchExpressions ?? []).every(({ operator }) =>
    ['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator),
  )
  if (known && !compileLabelSelector(spec.selector!)(expected)) {
    errors.invalid('spec.selector', spec.selector, '`selector` not auto-generated')
  }
}

export function validateCronJob({ spec }: CronJob, errors: FieldErrors): void {
  if (isEmpty(spec?.schedule)) errors.required('spec.schedule')
  else {
    const fault = cronFault(spec!.schedule)
    if (fault !== undefined) errors.invalid('spec.schedule', spec!.schedule, fault)
    if (spec!.schedule.includes('TZ')) {
      const sentence = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
      errors.invalid('spec.schedule', spec!.schedule, sentence)
    }
  }
  nonNegative('spec.startingDeadlineSeconds', spec?.startingDeadlineSeconds, errors)
  checkTimeZone(spec?.timeZone, errors)
  oneOf('spec.concurrencyPolicy', spec?.concurrencyPolicy, CONCURRENCY, errors)
  const template = spec?.jobTemplate?.spec
  validateSpec('spec.jobTemplate.spec', template, errors)
  if (template?.selector !== undefined) {
    errors.invalid('spec.jobTemplate.spec.selector', template.selector, '`selector` will be auto-generated')
  }
  if (template?.manualSelector === true) {
    errors.notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false'])
  }
  nonNegative('spec.successfulJobsHistoryLimit', spec?.successfulJobsHistoryLimit, errors)
  nonNegative('spec.failedJobsHistoryLimit', spec?.failedJobsHistoryLimit, errors)
}

export function validateNewCronJob({ metadata }: CronJob, errors: FieldErrors): void {
  if ((metadata?.name ?? '').length > CRON_JOB_NAME_MAX) {
    errors.invalid('metadata.name', metadata?.name, `must be no more than ${CRON_JOB_NAME_MAX} characters`)
  }
}

function checkTimeZone(zone: string | undefined, errors: FieldErrors): void {
  const path = 'spec.timeZone'
  if (zone === undefined) return
  if (zone === '') {
    errors.invalid(path, zone, 'timeZone must be nil or non-empty string')
  } else if (zone.toLowerCase() === 'local') {
    const sentence = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
    errors.invalid(path, zone, sentence)
  } else if (!isTimeZone(zone)) {
    errors.invalid(path, zone, `unknown time zone ${zone}`)
  }
}

/** The part that jobs and the templates of cron jobs share. */
function validateSpec(path: string, spec: JobSpec | undefined, errors: FieldErrors): void {
  for (const field of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    nonNegative(`${path}.${field}`, spec?.[field], errors)
  }
  validateMode(path, spec, errors)
  if (spec?.podFailurePolicy !== undefined) {
    validateFailurePolicy(`${path}.podFailurePolicy`, spec.podFailurePolicy, spec, errors)
  }
  const replacement = spec?.podReplacementPolicy
  if (replacement !== undefined) {
    const choices = spec?.podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed']
    oneOf(`${path}.podReplacementPolicy`, replacement, choices, errors)
  }
  validatePodTemplate(`${path}.template`, spec?.template, errors)
  const restart = spec?.template?.spec?.restartPolicy
  const at = `${path}.template.spec.restartPolicy`
  if (restart === undefined || restart === '' || restart === 'Always') {
    errors.required(at, 'valid values: "OnFailure", "Never"')
  } else if (restart !== 'OnFailure' && restart !== 'Never') {
    errors.notSupported(at, restart, ['OnFailure', 'Never'])
  } else if (spec?.podFailurePolicy !== undefined && restart !== 'Never') {
    errors.invalid(at, restart, 'only "Never" is supported when podFailurePolicy is specified')
  }
}

/** Completion mode, and what only indexed jobs have. */
function validateMode(path: string, spec: JobSpec | undefined, errors: FieldErrors): void {
  const { completionMode, completions, parallelism, backoffLimitPerIndex, maxFailedIndexes, successPolicy } = spec ?? {}
  if (maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined) {
    errors.required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified')
  }
  if (completionMode !== undefined) oneOf(`${path}.completionMode`, completionMode, ['NonIndexed', 'Indexed'], errors)
  if (completionMode === 'Indexed') {
    if (completions === undefined) errors.required(`${path}.completions`, 'when completion mode is Indexed')
    if ((parallelism ?? 0) > INDEXED_PARALLELISM_MAX) {
      const sentence = `must be less than or equal to ${INDEXED_PARALLELISM_MAX} when completion mode is Indexed`
      errors.invalid(`${path}.parallelism`, parallelism, sentence)
    }
    if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
      errors.invalid(`${path}.maxFailedIndexes`, maxFailedIndexes, 'must be less than or equal to completions')
    }
    if (successPolicy !== undefined && (successPolicy.rules ?? []).length === 0) {
      const sentence = 'at least one rules must be specified when the successPolicy is specified'
      errors.required(`${path}.successPolicy.rules`, sentence)
    }
    return
  }
  for (const [field, value] of Object.entries({ backoffLimitPerIndex, maxFailedIndexes, successPolicy })) {
    if (value !== undefined) errors.invalid(`${path}.${field}`, value, 'requires indexed completion mode')
  }
}

function validateFailurePolicy(path: string, policy: PodFailurePolicy, spec: JobSpec, errors: FieldErrors): void {
  const rules = policy.rules ?? []
  if (rules.length > RULES_MAX) errors.tooMany(`${path}.rules`, rules.length, RULES_MAX)
  for (const [i, rule] of rules.entries()) {
    const at = `${path}.rules[${i}]`
    if (isEmpty(rule.action))
      errors.required(`${at}.action`, `valid values: [${ACTIONS.map(action => JSON.stringify(action)).join(' ')}]`)
    else if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
      errors.invalid(`${at}.action`, rule.action, 'requires the backoffLimitPerIndex to be set')
    } else {
      oneOf(`${at}.action`, rule.action, ACTIONS, errors)
    }
    validateExitCodes(`${at}.onExitCodes`, rule, spec, errors)
    for (const [j, { type, status }] of (rule.onPodConditions ?? []).entries()) {
      errors.check(`${at}.onPodConditions[${j}].type`, type ?? '', qualifiedNameFault)
      oneOf(`${at}.onPodConditions[${j}].status`, status, CONDITION_STATUS, errors)
    }
    const hasConditions = (rule.onPodConditions ?? []).length > 0
    if (rule.onExitCodes !== undefined && hasConditions) {
      errors.invalidUnseen(at, 'specifying both OnExitCodes and OnPodConditions is not supported')
    } else if (rule.onExitCodes === undefined && !hasConditions) {
      errors.invalidUnseen(at, 'specifying one of OnExitCodes and OnPodConditions is required')
    }
  }
}

function validateExitCodes(
  path: string,
  { onExitCodes }: PodFailurePolicyRule,
  { template }: JobSpec,
  errors: FieldErrors,
): void {
  if (onExitCodes === undefined) return
  const { operator, containerName } = onExitCodes
  const values = onExitCodes.values ?? []
  oneOf(`${path}.operator`, operator, ['In', 'NotIn'], errors)
  const containers = [...(template?.spec?.containers ?? []), ...(template?.spec?.initContainers ?? [])]
  if (containerName !== undefined && !containers.some(({ name }) => name === containerName)) {
    const sentence = 'must be one of the container or initContainer names in the pod template'
    errors.invalid(`${path}.containerName`, containerName, sentence)
  }
  if (values.length === 0) errors.invalid(`${path}.values`, values, 'at least one value is required')
  else if (values.length > EXIT_CODES_MAX) errors.tooMany(`${path}.values`, values.length, EXIT_CODES_MAX)
  for (const [i, value] of values.entries()) {
    if (operator === 'In' && value === 0) {
      errors.invalid(`${path}.values[${i}]`, value, 'must not be 0 for the In operator')
    }
    if (values.indexOf(value) < i) errors.duplicate(`${path}.values[${i}]`, value)
  }
  if (values.some((value, i) => i > 0 && values[i - 1]! > value)) {
    errors.invalid(`${path}.values`, values, 'must be ordered')
  }
}
