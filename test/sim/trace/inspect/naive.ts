import type { ChurnEvent } from '../../../../sim/trace/index.ts'

type PodEvent = ChurnEvent & { readonly kind: 'pod' }

/** What is known of a number of values by sorting them. */
export interface Sorted {
  readonly count: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly at: (percentile: number) => number
}

export function sorted(values: readonly number[]): Sorted | undefined {
  if (values.length === 0) return undefined
  const inOrder = values.toSorted((a, b) => a - b)
  return {
    count: values.length,
    min: inOrder[0]!,
    max: inOrder.at(-1)!,
    mean: values.reduce((a, b) => a + b, 0) / values.length,
    at: percentile => inOrder[Math.max(0, Math.ceil((percentile / 100) * inOrder.length) - 1)]!,
  }
}

/** The events of each pod, in their order. */
export function podsOf(events: readonly ChurnEvent[]): PodEvent[][] {
  const byUid = new Map<string, PodEvent[]>()
  for (const event of events) {
    if (event.kind !== 'pod') continue
    byUid.set(event.uid, [...(byUid.get(event.uid) ?? []), event])
  }
  return [...byUid.values()]
}

/** A quantity at every instant at which it changed: [time, value from then on]. */
export type Steps = readonly (readonly [t: number, value: number])[]

/** From changes, each at its time. */
export function stepsOf(changes: readonly (readonly [t: number, by: number])[]): Steps {
  let value = 0
  return changes.map(([t, by]) => [t, (value += by)] as const)
}

/** The integral of a quantity over [from, to]. */
export function areaOf(steps: Steps, from: number, to: number): number {
  return steps.reduce((sum, [t, value], i) => {
    const end = steps[i + 1]?.[0] ?? Infinity
    return sum + value * Math.max(0, Math.min(to, end) - Math.max(from, t))
  }, 0)
}

/** The lowest value that lasts within [from, to), and the highest that is reached. */
export function extremesOf(steps: Steps, from: number, to: number): { readonly min: number; readonly max: number } {
  const all = [[-1, 0] as const, ...steps]
  const lasting = all
    .filter(([t], i) => {
      const end = all[i + 1]?.[0] ?? Infinity
      return Math.min(to, end) > Math.max(from, t)
    })
    .map(([, value]) => value)
  const reached = all.filter(([t]) => t >= from && t < to).map(([, value]) => value)
  return { min: Math.min(...lasting), max: Math.max(...lasting, ...reached) }
}

/** How many of the times fall into each window. */
export function windowsOf(times: readonly number[], windowMs: number, endMs: number): number[] {
  const windows = Math.max(1, Math.ceil(endMs / windowMs), ...times.map(t => Math.floor(t / windowMs) + 1))
  const counts = Array.from({ length: windows }, () => 0)
  for (const t of times) counts[Math.floor(t / windowMs)]!++
  return counts
}
