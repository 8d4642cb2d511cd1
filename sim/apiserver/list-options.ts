import { ApiError, invalidListOptions } from '../cluster/index.ts'
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
    limit: isWatch ? 0 : natural(query, 'limit'),
    continueToken: query.get('continue') || undefined,
    labelSelector: query.get('labelSelector') ?? undefined,
    fieldSelector: query.get('fieldSelector') ?? undefined,
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: initial === null ? undefined : isTrue(initial),
    timeoutMs: query.get('timeoutSeconds') === null ? undefined : natural(query, 'timeoutSeconds') * 1000 || undefined,
  }
  if (isWatch) checkWatch(options)
  else checkList(options)
  return options
}

function checkWatch({ sendInitialEvents, resourceVersionMatch }: ListOptions): void {
  if (sendInitialEvents === undefined) {
    if (resourceVersionMatch !== undefined) {
      throw invalidListOptions(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      )
    }
  } else if (resourceVersionMatch !== 'NotOlderThan') {
    throw invalidListOptions(
      'resourceVersionMatch',
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    )
  }
}

function checkList(options: ListOptions): void {
  const { resourceVersion, resourceVersionMatch: match, continueToken, sendInitialEvents } = options
  if (sendInitialEvents !== undefined) {
    throw invalidListOptions('sendInitialEvents', 'sendInitialEvents is forbidden for list')
  }
  if (match !== undefined) {
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      throw invalidListOptions('resourceVersionMatch', `resourceVersionMatch "${String(match)}" is not supported`)
    }
    if (resourceVersion === undefined) {
      throw invalidListOptions(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden unless resourceVersion is provided',
      )
    }
    if (continueToken !== undefined) {
      throw invalidListOptions('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided')
    }
    if (match === 'Exact' && resourceVersion === 0) {
      throw invalidListOptions(
        'resourceVersionMatch',
        'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
      )
    }
  }
  if (continueToken !== undefined && (resourceVersion ?? 0) !== 0) {
    throw new ApiError('BadRequest', 'specifying resource version is not allowed when using continue')
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

function natural(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? ''
  if (text === '') return 0
  if (!/^\d{1,15}$/.test(text)) {
    throw new ApiError('BadRequest', `strconv.ParseInt: parsing "${text}": invalid syntax`)
  }
  return Number(text)
}
