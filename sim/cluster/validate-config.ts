import type { ConfigMap, LimitRange, LimitRangeItem, ResourceQuota, Secret } from 'kubernetes-types/core/v1.js'
import { checkQuantity, isEmpty } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'
import { configKeyFault, qualifiedNameFault } from './names.ts'
import { compareQuantities, formatQuantity, parseQuantity, type Quantity } from './quantity.ts'
import {
  containerResourceFault,
  isNotOvercommitted,
  isWhole,
  quotaResourceFault,
  resourceNameFault,
} from './resource-names.ts'

const DATA_BYTES_MAX = 1024 * 1024
const NANOS = 1_000_000_000n
const ONE: Quantity = { nanos: NANOS, form: 'decimal' }
const SCOPES = [
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'VolumeAttributesClass',
  'CrossNamespacePodAffinity',
]
const LIMIT_TYPES = ['Pod', 'Container', 'PersistentVolumeClaim']

export function validateConfigMap({ data, binaryData }: ConfigMap, errors: FieldErrors): void {
  let bytes = 0
  for (const [key, value] of Object.entries(data ?? {})) {
    errors.check(`data[${key}]`, key, configKeyFault)
    if (binaryData !== undefined && Object.hasOwn(binaryData, key)) {
      errors.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData')
    }
    bytes += Buffer.byteLength(value)
  }
  for (const [key, value] of Object.entries(binaryData ?? {})) {
    errors.check(`binaryData[${key}]`, key, configKeyFault)
    bytes += Buffer.byteLength(value, 'base64')
  }
  if (bytes > DATA_BYTES_MAX) errors.tooLong('', DATA_BYTES_MAX)
}

export function validateSecret({ metadata, type, data = {} }: Secret, errors: FieldErrors): void {
  let bytes = 0
  for (const [key, value] of Object.entries(data)) {
    errors.check(`data[${key}]`, key, configKeyFault)
    bytes += Buffer.byteLength(value, 'base64')
  }
  if (bytes > DATA_BYTES_MAX) errors.tooLong('data', DATA_BYTES_MAX)
  const need = (...keys: string[]): void => {
    for (const key of keys) if (data[key] === undefined) errors.required(`data[${key}]`)
  }
  switch (type) {
    case 'kubernetes.io/service-account-token': {
      const name = 'kubernetes.io/service-account.name'
      if (isEmpty(metadata?.annotations?.[name])) errors.required(`metadata.annotations[${name}]`)
      break
    }
    case 'kubernetes.io/dockercfg':
      need('.dockercfg')
      checkJson('data[.dockercfg]', data['.dockercfg'], errors)
      break
    case 'kubernetes.io/dockerconfigjson':
      need('.dockerconfigjson')
      checkJson('data[.dockerconfigjson]', data['.dockerconfigjson'], errors)
      break
    case 'kubernetes.io/basic-auth':
      if (data.username === undefined && data.password === undefined) need('username', 'password')
      break
    case 'kubernetes.io/ssh-auth':
      if (isEmpty(data['ssh-privatekey'])) errors.required('data[ssh-privatekey]')
      break
    case 'kubernetes.io/tls':
      need('tls.crt', 'tls.key')
      break
    default:
  }
}

/** Go's decoder says more exactly what is wrong; that it is wrong is said here as there. */
function checkJson(path: string, base64: string | undefined, errors: FieldErrors): void {
  if (base64 === undefined) return
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString())
    if (typeof value === 'object' && !Array.isArray(value)) return
  } catch {
    // The sentence below is for this too.
  }
  errors.invalid(path, '<secret contents redacted>', 'invalid character')
}

export function validateResourceQuota({ spec }: ResourceQuota, errors: FieldErrors): void {
  for (const [name, value] of Object.entries(spec?.hard ?? {})) {
    const path = `spec.hard[${name}]`
    errors.check(path, name, quotaResourceFault)
    const quantity = checkQuantity(path, value, errors)
    if (quantity !== undefined && isWhole(name) && quantity.nanos % NANOS !== 0n) {
      errors.invalid(path, formatQuantity(quantity), 'must be an integer')
    }
  }
  const scopes = spec?.scopes ?? []
  for (const scope of scopes) {
    if (!SCOPES.includes(scope)) errors.invalid('spec.scopes', scopes, 'unsupported scope')
  }
  for (const pair of [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ]) {
    if (pair.every(scope => scopes.includes(scope))) errors.invalid('spec.scopes', scopes, 'conflicting scopes')
  }
}

export function validateLimitRange({ spec }: LimitRange, errors: FieldErrors): void {
  const types = new Set<string>()
  for (const [i, item] of (spec?.limits ?? []).entries()) {
    const path = `spec.limits[${i}]`
    const { type } = item
    const fault = qualifiedNameFault(type ?? '')
    if (fault !== undefined) errors.invalid(`${path}.type`, type ?? '', fault)
    else if (!type.includes('/') && !LIMIT_TYPES.includes(type)) {
      errors.invalid(`${path}.type`, type, 'must be a standard limit type or fully qualified')
    }
    if (types.has(type)) errors.duplicate(`${path}.type`, type)
    types.add(type)
    validateLimits(path, item, errors)
  }
}

function validateLimits(path: string, item: LimitRangeItem, errors: FieldErrors): void {
  const isPod = item.type === 'Pod'
  const nameFault = isPod || item.type === 'Container' ? containerResourceFault : resourceNameFault
  const names = new Set<string>()
  for (const field of ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const) {
    const list = item[field] ?? {}
    if (isPod && field.startsWith('default')) {
      if (Object.keys(list).length > 0) {
        errors.forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'")
      }
      continue
    }
    for (const [name, value] of Object.entries(list)) {
      errors.check(`${path}.${field}[${name}]`, name, nameFault)
      checkQuantity(`${path}.${field}[${name}]`, value, errors)
      names.add(name)
    }
  }
  if (item.type === 'PersistentVolumeClaim' && item.min?.storage === undefined && item.max?.storage === undefined) {
    const sentence = 'either minimum or maximum storage value is required, but neither was provided'
    errors.required(`${path}.limits`, sentence)
  }
  for (const name of names) validateOrder(path, name, item, errors)
}

/** min ≤ default request ≤ default ≤ max, whichever of them there are. */
function validateOrder(path: string, name: string, item: LimitRangeItem, errors: FieldErrors): void {
  const of = (list: LimitRangeItem['max']): Quantity | undefined => parseQuantity(list?.[name])
  const isPod = item.type === 'Pod'
  const [min, max, ratio] = [of(item.min), of(item.max), of(item.maxLimitRequestRatio)]
  const limit = isPod ? undefined : of(item.default)
  const request = isPod ? undefined : of(item.defaultRequest)
  const ordered = (
    field: string,
    shown: Quantity | undefined,
    low: [word: string, value: Quantity | undefined],
    high: [word: string, value: Quantity | undefined],
  ): void => {
    if (low[1] === undefined || high[1] === undefined || compareQuantities(low[1], high[1]) <= 0) return
    const sentence = `${low[0]} value ${formatQuantity(low[1])} is greater than ${high[0]} value ${formatQuantity(high[1])}`
    errors.invalid(`${path}.${field}[${name}]`, formatQuantity(shown!), sentence)
  }
  ordered('min', min, ['min', min], ['max', max])
  ordered('defaultRequest', request, ['min', min], ['default request', request])
  ordered('defaultRequest', request, ['default request', request], ['max', max])
  ordered('defaultRequest', request, ['default request', request], ['default limit', limit])
  ordered('default', min, ['min', min], ['default', limit])
  ordered('default', max, ['default', limit], ['max', max])
  const at = `${path}.maxLimitRequestRatio[${name}]`
  if (ratio !== undefined && compareQuantities(ratio, ONE) < 0) {
    errors.invalid(at, formatQuantity(ratio), `ratio ${formatQuantity(ratio)} is less than 1`)
  }
  if (ratio !== undefined && min !== undefined && max !== undefined && min.nanos > 0n) {
    const most = Number(max.nanos) / Number(min.nanos)
    if (Number(ratio.nanos) / Number(NANOS) > most) {
      const sentence = `ratio ${formatQuantity(ratio)} is greater than max/min = ${most.toFixed(6)}`
      errors.invalid(at, formatQuantity(ratio), sentence)
    }
  }
  if (
    isNotOvercommitted(name) &&
    limit !== undefined &&
    request !== undefined &&
    compareQuantities(limit, request) !== 0
  ) {
    const [a, b] = [formatQuantity(limit), formatQuantity(request)]
    const sentence = `default value ${a} must equal to defaultRequest value ${b} in ${name}`
    errors.invalid(`${path}.defaultRequest[${name}]`, b, sentence)
  }
}
