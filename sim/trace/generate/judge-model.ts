import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ErrorObject } from 'ajv'
import { nearest } from '../../../base/index.ts'
import { TraceError } from '../errors.ts'
import type { Distribution } from './distribution.ts'
import { TRACE_MODEL_SCHEMA } from './model-schema.ts'
import type { TraceModel, WorkloadClass, WorkloadKind } from './model.ts'

const validate = new Ajv2020({
  allErrors: true,
  verbose: true,
  allowUnionTypes: true,
  discriminator: true,
  strictTypes: false,
  strictRequired: false,
}).compile(TRACE_MODEL_SCHEMA)

/**
 * A model, judged: its shape, and what the shape cannot say.
 *
 * @param from what it is called in the message: a file, a preset.
 * @throws TraceError CHURN_TRACE_OPTIONS with all faults at once, each with its path.
 */
export function judgeModel(value: unknown, from: string): TraceModel {
  const faults = validate(value) ? faultsOfMeaning(value as TraceModel) : (validate.errors ?? []).flatMap(sentenceOf)
  if (faults.length === 0) return value as TraceModel
  throw new TraceError(
    'CHURN_TRACE_OPTIONS',
    `the model ${from} cannot be used:\n${[...new Set(faults)].map(fault => `  ${fault}`).join('\n')}\n` +
      'docs/formats/trace-model.schema.json is its schema',
  )
}

function sentenceOf(error: ErrorObject): string[] {
  const path = pathOf(error.instancePath)
  const at = path === '' ? '' : `${path}: `
  switch (error.keyword) {
    case 'additionalProperties': {
      const { additionalProperty } = error.params as { additionalProperty: string }
      const near = nearest(additionalProperty, Object.keys((error.parentSchema?.['properties'] as object) ?? {}))
      return [`${at}unknown field "${additionalProperty}"${near === undefined ? '' : ` (did you mean ${near}?)`}`]
    }
    case 'required':
      return [`${at}${(error.params as { missingProperty: string }).missingProperty} is missing`]
    case 'enum':
      return [`${at}must be one of ${(error.params as { allowedValues: string[] }).allowedValues.join(', ')}`]
    case 'const':
      return [`${at}must be ${JSON.stringify((error.params as { allowedValue: unknown }).allowedValue)}`]
    case 'discriminator':
      return [`${at}kind must be one of ${distributionKinds().join(', ')}`]
    default:
      return [`${at}${error.message ?? 'is not valid'}`]
  }
}

function distributionKinds(): string[] {
  const { distribution } = TRACE_MODEL_SCHEMA['$defs'] as {
    distribution: { oneOf: { properties: { kind: { const: string } } }[] }
  }
  return distribution.oneOf.map(({ properties }) => properties.kind.const)
}

/** `/classes/0/pod/readyMs` as `classes.0.pod.readyMs`. */
function pathOf(pointer: string): string {
  return pointer.slice(1).replaceAll('/', '.')
}

/** Which parts of a class each kind needs, and which it can have beside them. */
const PARTS: Readonly<Record<WorkloadKind, { readonly needs: readonly Part[]; readonly may: readonly Part[] }>> = {
  Deployment: { needs: ['replicas'], may: ['rollouts', 'scaling'] },
  StatefulSet: { needs: ['replicas'], may: ['rollouts', 'scaling'] },
  DaemonSet: { needs: [], may: ['rollouts'] },
  CronJob: { needs: ['cron'], may: [] },
  Job: { needs: ['arrivals'], may: ['replicas', 'initial'] },
  Pod: { needs: ['arrivals'], may: ['initial', 'owner'] },
}
type Part = 'replicas' | 'rollouts' | 'scaling' | 'cron' | 'arrivals' | 'initial' | 'owner'
const ALL_PARTS: readonly Part[] = ['replicas', 'rollouts', 'scaling', 'cron', 'arrivals', 'initial', 'owner']

function faultsOfMeaning(model: TraceModel): string[] {
  const faults: string[] = []
  eachDistribution(model, '', (distribution, path) => faults.push(...faultsOfDistribution(distribution, path)))
  const names = new Set<string>()
  for (const [i, workloadClass] of model.classes.entries()) {
    const path = `classes.${i}`
    if (names.has(workloadClass.name))
      faults.push(`${path}.name: another class is called ${workloadClass.name} already`)
    names.add(workloadClass.name)
    faults.push(...faultsOfClass(workloadClass, path))
  }
  const { nodeFailures, autoscaling, nodes } = model.cluster
  if (nodeFailures !== undefined && (nodeFailures.perHour === undefined) === (nodeFailures.count === undefined)) {
    faults.push('cluster.nodeFailures: give either perHour or count')
  }
  if (autoscaling !== undefined && autoscaling.nodesMax < nodes) {
    faults.push(`cluster.autoscaling.nodesMax: is less than the ${nodes} nodes there are at first`)
  }
  return faults
}

function faultsOfClass(workloadClass: WorkloadClass, path: string): string[] {
  const faults: string[] = []
  const { kind, pod, scaling } = workloadClass
  const { needs, may } = PARTS[kind]
  for (const part of needs) {
    if (workloadClass[part] === undefined) faults.push(`${path}.${part}: is missing, which a ${kind} needs`)
  }
  for (const part of ALL_PARTS) {
    if (workloadClass[part] === undefined || needs.includes(part) || may.includes(part)) continue
    faults.push(`${path}.${part}: means nothing for a ${kind}`)
  }
  if ((kind === 'Job' || kind === 'CronJob') && pod.lifetimeMs === undefined) {
    faults.push(`${path}.pod.lifetimeMs: is missing; pods of a ${kind} end by themselves`)
  }
  if (scaling?.max !== undefined && scaling.max < scaling.min) faults.push(`${path}.scaling.max: is less than min`)
  const { succeeded = 0, failed = {} } = pod.outcomes ?? {}
  const shares = succeeded + Object.values(failed).reduce((sum, value) => sum + value, 0)
  if (shares > 1 + 1e-9) faults.push(`${path}.pod.outcomes: the shares are ${shares} in all, which is more than 1`)
  return faults
}

function faultsOfDistribution(distribution: Distribution, path: string): string[] {
  switch (distribution.kind) {
    case 'uniform':
      return distribution.min > distribution.max ? [`${path}: min is more than max`] : []
    case 'lognormal': {
      const { sigma, p90, median } = distribution as { sigma?: number; p90?: number; median: number }
      if ((sigma === undefined) === (p90 === undefined)) return [`${path}: give either sigma or p90`]
      return p90 !== undefined && p90 < median ? [`${path}.p90: is less than the median`] : []
    }
    case 'empirical':
      return faultsOfQuantiles(distribution.quantiles, `${path}.quantiles`)
    case 'mixture':
      return distribution.of.every(({ weight }) => weight === 0) ? [`${path}.of: all weights are 0`] : []
    default:
      return []
  }
}

function faultsOfQuantiles(quantiles: readonly (readonly [number, number])[], path: string): string[] {
  if (quantiles[0]![0] !== 0) return [`${path}.0: must be of probability 0, the least value`]
  if (quantiles.at(-1)![0] !== 1)
    return [`${path}.${quantiles.length - 1}: must be of probability 1, the greatest value`]
  for (const [i, [p, value]] of quantiles.entries()) {
    const before = quantiles[i - 1]
    if (before !== undefined && (p < before[0] || value < before[1])) {
      return [`${path}.${i}: goes back from ${before.join(', ')} to ${p}, ${value}`]
    }
  }
  return []
}

/** A distribution is whatever has a kind that no class has. */
function eachDistribution(
  value: unknown,
  path: string,
  visit: (distribution: Distribution, path: string) => void,
): void {
  if (typeof value !== 'object' || value === null) return
  const kinds: readonly unknown[] = distributionKinds()
  if ('kind' in value && kinds.includes(value.kind)) visit(value as Distribution, path)
  for (const [key, inner] of Object.entries(value)) {
    eachDistribution(inner, path === '' ? key : `${path}.${key}`, visit)
  }
}
