import { ApiError, FieldErrors } from '../cluster/index.ts'
import { isTrue } from './request-info.ts'

/** The query of a list or watch, judged. */
export interface ListOptions {
  /** Absent: "most recent". 0: "any". */
  readonly resourceVersion: number | undefined
  readonly resourceVersionMatch: 'Exact' | 'NotOlderThan' | undefined
  /** 0: no limit. */
  readonly limit: number
  readonly continueToken: string | undefined
  readonly labelSelector: string | undefined
  readonly fieldSelector: string | undefined
  readonly allowWatchBookmarks: boolean
  /** Absent when the client did not say. */
  readonly sendInitialEvents: boolean | undefined
  readonly timeoutMs: number | undefined
}

/** @throws ApiError BadRequest, Invalid: as Kubernetes judges the combination. */
export function parseListOptions(query: URLSearchParams, isWatch: boolean): ListOptions {
  const text = query.get('resourceVersion') ?? ''
  const match = query.get('resourceVersionMatch') ?? ''
  const initial = query.get('sendInitialEvents')
  const options: ListOptions = {
    resourceVersion: text === '' ? undefined : parseResourceVersion(text),
    resourceVersionMatch: match === '' ? undefined : (match as 'Exact' | 'NotOlderThan'),
    // As etcd sees it, a limit below zero is none.
    limit: isWatch ? 0 : Math.max(0, integer(query, 'limit')),
    continueToken: query.get('continue') || undefined,
    labelSelector: query.get('labelSelector') ?? undefined,
    fieldSelector: query.get('fieldSelector') ?? undefined,
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: initial === null ? undefined : isTrue(initial),
    timeoutMs: Math.max(0, integer(query, 'timeoutSeconds')) * 1000 || undefined,
  }
  check(options, isWatch)
  if (!isWatch && options.continueToken !== undefined && (options.resourceVersion ?? 0) !== 0) {
    throw new ApiError('BadRequest', 'specifying resource version is not allowed when using continue')
  }
  return options
}

/** All that is wrong with a combination is told at once, in Kubernetes' order. */
function check(options: ListOptions, isWatch: boolean): void {
  const errors = new FieldErrors()
  if (isWatch) checkWatch(options, errors)
  else checkList(options, errors)
  errors.throwIfAny({ group: 'meta.k8s.io', kind: 'ListOptions' }, '')
}

const MATCH = 'resourceVersionMatch'
const WITH_CONTINUE = 'resourceVersionMatch is forbidden when continue is provided'

function checkWatch(options: ListOptions, errors: FieldErrors): void {
  const { sendInitialEvents, resourceVersionMatch: match, continueToken } = options
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.forbidden(MATCH, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')
  }
  if (match === undefined) return
  if (sendInitialEvents === undefined) {
    errors.forbidden(MATCH, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided')
  }
  if (match !== 'NotOlderThan') errors.notSupported(MATCH, match, ['NotOlderThan'])
  if (continueToken !== undefined) errors.forbidden(MATCH, WITH_CONTINUE)
}

function checkList(options: ListOptions, errors: FieldErrors): void {
  const { resourceVersion, resourceVersionMatch: match, continueToken, sendInitialEvents } = options
  if (match !== undefined) {
    if (resourceVersion === undefined) {
      errors.forbidden(MATCH, 'resourceVersionMatch is forbidden unless resourceVersion is provided')
    }
    if (continueToken !== undefined) errors.forbidden(MATCH, WITH_CONTINUE)
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.notSupported(MATCH, match, ['Exact', 'NotOlderThan', ''])
    if (match === 'Exact' && resourceVersion === 0) {
      errors.forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    }
  }
  if (sendInitialEvents !== undefined) {
    errors.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list')
  }
}

function parseResourceVersion(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new ApiError(
      'BadRequest',
      `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`,
    )
  }
  return value
}

function integer(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? ''
  if (text === '') return 0
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    throw new ApiError('BadRequest', `strconv.ParseInt: parsing "${text}": invalid syntax`)
  }
  return Number(text)
}
