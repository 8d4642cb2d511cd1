import type { Stored } from '../../cluster/index.ts'
import type { Conversion } from './conversion.ts'

/** Version 2, judged, with what nobody here needs left out. Times are Unix seconds. */
export interface SimkubeTrace {
  /** In order of time. */
  readonly events: readonly { readonly tsS: number; readonly applied: Stored[]; readonly deleted: Stored[] }[]
  readonly lifecycles: readonly PodLifecycle[]
}

/** How long one pod ran. */
export interface PodLifecycle {
  /** Of its owner; a pod that nobody owns is its own. */
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** Of its spec. */
  readonly hash: string
  /** Among those of the same owner and hash, in order of their start. */
  readonly index: number
  readonly startS: number
  /** Absent while it runs on. */
  readonly endS?: number
}

/**
 * Source: simkube `sk-core/src/trace/mod.rs`, `k8s/mod.rs` (`PodLifecycleData`).
 *
 * @param value a decoded map; keys that are pairs stand there as JSON.
 */
export function readSimkubeTrace(value: Record<string, unknown>, conversion: Conversion): SimkubeTrace {
  const { events, pod_lifecycles: lifecycles } = value
  if (!Array.isArray(events)) throw conversion.error('is no SimKube trace: events is no list')
  let lastS = -Infinity
  const out: { tsS: number; applied: Stored[]; deleted: Stored[] }[] = []
  for (const [i, event] of (events as Partial<Record<string, unknown>>[]).entries()) {
    const place = `events[${i}]`
    const tsS = secondsOf(event?.['ts'])
    if (tsS === undefined) {
      conversion.fault(place, `ts is ${shown(event?.['ts'])}, which is no time`)
    } else if (tsS < lastS) {
      conversion.fault(place, `time goes back from ${lastS} to ${tsS} s`)
    } else {
      lastS = tsS
      conversion.read('events')
      const applied = objectsOf(event['applied_objs'], `${place}.applied_objs`, conversion)
      const deleted = objectsOf(event['deleted_objs'], `${place}.deleted_objs`, conversion)
      conversion.read('applied objects', applied.length)
      conversion.read('deleted objects', deleted.length)
      out.push({ tsS, applied, deleted })
    }
  }
  return { events: out, lifecycles: lifecyclesOf(lifecycles, conversion) }
}

function objectsOf(value: unknown, place: string, conversion: Conversion): Stored[] {
  if (!Array.isArray(value)) {
    conversion.fault(place, 'is no list')
    return []
  }
  return value.filter((object: unknown, i): object is Stored => {
    const { kind, metadata } = (object ?? {}) as { kind?: unknown; metadata?: { name?: unknown } }
    if (typeof kind === 'string' && typeof metadata?.name === 'string') return true
    conversion.fault(`${place}[${i}]`, 'is no Kubernetes object: kind or metadata.name is missing')
    return false
  })
}

function lifecyclesOf(value: unknown, conversion: Conversion): PodLifecycle[] {
  const out: PodLifecycle[] = []
  for (const [owner, byHash] of Object.entries((value ?? {}) as Record<string, Record<string, unknown>>)) {
    const place = `pod_lifecycles[${owner}]`
    const parsed = ownerOf(owner)
    if (parsed === undefined) {
      conversion.fault(place, 'is no pair of a kind and a namespace/name')
      continue
    }
    for (const [hash, list] of Object.entries(byHash)) {
      const lifecycles: unknown[] = Array.isArray(list) ? list : [list]
      for (const [index, lifecycle] of lifecycles.entries()) {
        conversion.read('pod lifecycles')
        const times = timesOf(lifecycle)
        if (times === 'empty') conversion.leaveOut('pods that never started', `${owner} ${hash}`)
        else if (times === undefined)
          conversion.fault(`${place}.${hash}[${index}]`, `${shown(lifecycle)} is no lifecycle`)
        else out.push({ ...parsed, hash, index, ...times })
      }
    }
  }
  // Maps of Rust have no order of their own: a trace must not depend on it.
  return out.sort((a, b) => a.startS - b.startS || (keyOf(a) < keyOf(b) ? -1 : 1))
}

function keyOf({ kind, namespace, name, hash, index }: PodLifecycle): string {
  return `${kind}/${namespace}/${name}/${hash}/${String(index).padStart(9, '0')}`
}

/** `["apps/v1.Deployment","shop/cart"]` */
function ownerOf(key: string): { kind: string; namespace: string; name: string } | undefined {
  let pair: unknown
  try {
    pair = JSON.parse(key)
  } catch {
    return undefined
  }
  if (!Array.isArray(pair) || typeof pair[0] !== 'string' || typeof pair[1] !== 'string') return undefined
  const kind = pair[0].slice(pair[0].lastIndexOf('.') + 1)
  const [namespace = '', name = ''] = pair[1].split('/')
  return kind === '' || name === '' ? undefined : { kind, namespace, name }
}

/** `"Empty"`, `{Running: start}` or `{Finished: [start, end]}` */
function timesOf(lifecycle: unknown): { startS: number; endS?: number } | 'empty' | undefined {
  if (lifecycle === 'Empty') return 'empty'
  const { Running: running, Finished: finished } = (lifecycle ?? {}) as { Running?: unknown; Finished?: unknown }
  if (Array.isArray(finished)) {
    const startS = secondsOf(finished[0])
    const endS = secondsOf(finished[1])
    return startS === undefined || endS === undefined || endS < startS ? undefined : { startS, endS }
  }
  const startS = secondsOf(running)
  return startS === undefined ? undefined : { startS }
}

function secondsOf(value: unknown): number | undefined {
  const number = typeof value === 'bigint' ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

function shown(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? 'absent'
  )
}
