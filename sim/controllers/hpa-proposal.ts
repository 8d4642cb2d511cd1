import { type HpaSpec, isTolerated } from './hpa-rule.ts'

/** One pod of the target, as the autoscaler sees it. Times are planned milliseconds. */
export interface ScaledPod {
  readonly name: string
  readonly phase: string | undefined
  readonly isDeleting: boolean
  readonly isReady: boolean
  readonly startedMs: number
  /** When its readiness last changed; 0 where it never did. */
  readonly readyChangedMs: number
}

/** What a pod uses of a resource, in thousandths of its unit. */
export interface PodUsage {
  readonly milli: number
  /** When the window ended, and how long it was. */
  readonly sampledMs: number
  readonly windowMs: number
}

export interface ProposalInput {
  readonly nowMs: number
  /** Replicas that the target wants now. */
  readonly current: number
  readonly resource: string
  readonly pods: readonly ScaledPod[]
  /** By name of the pod; pods without metrics are missing. */
  readonly usage: ReadonlyMap<string, PodUsage>
  readonly target: HpaTarget
}

/** Percent of what pods request, or an amount for each pod. */
export type HpaTarget =
  | { readonly type: 'utilization'; readonly percent: number; readonly requests: ReadonlyMap<string, number> }
  | { readonly type: 'average'; readonly milli: number }

export interface Proposal {
  readonly replicas: number
  /** Of the pods that count; only for a utilization. */
  readonly percent: number | undefined
  readonly averageMilli: number
}

/** A pod that has just been started works at its own start. */
const CPU_INITIALIZATION_MS = 300_000
/** A pod that ceases to be ready so soon after its start has never really been so. */
const INITIAL_READINESS_MS = 30_000

/** Why there is no proposal. The message is what Kubernetes says. */
export class NoProposal extends Error {}

/**
 * How many replicas one metric asks for: Kubernetes' `replica_calculator.go`.
 *
 * | pod                                               | its metric            | scaling down      | scaling up |
 * | ------------------------------------------------- | --------------------- | ----------------- | ---------- |
 * | being deleted, or failed                          | does not count        |                   |            |
 * | pending; for CPU: not ready, or only just         | set aside             | left out          | 0          |
 * | without a metric                                  | missing               | just at target¹   | 0          |
 * | any other                                         | counts                |                   |            |
 *
 * ¹ of a utilization: its request, or the target where that is more than 100 %.
 *
 * What was filled in may make a change smaller or undo it, never turn it around.
 *
 * @throws NoProposal
 */
export function propose(spec: HpaSpec, input: ProposalInput): Proposal {
  const { current, pods, target } = input
  if (pods.length === 0) throw new NoProposal('no pods returned by selector while calculating replica count')
  const { values, ready, unready, missing } = sortPods(input)
  if (values.size === 0) {
    throw new NoProposal('did not receive metrics for targeted pods (pods might be unready)')
  }
  const measured = compare(values, target)
  const stay = { replicas: current, percent: measured.percent, averageMilli: measured.averageMilli }
  const fillsUnready = unready.length > 0 && measured.ratio > 1
  if (!fillsUnready && missing.length === 0) {
    return isTolerated(spec, measured.ratio) ? stay : { ...stay, replicas: Math.ceil(measured.ratio * ready) }
  }
  for (const name of missing) {
    if (measured.ratio < 1) values.set(name, fullUsage(name, target))
    else if (measured.ratio > 1) values.set(name, 0)
  }
  if (fillsUnready) for (const name of unready) values.set(name, 0)
  const { ratio } = compare(values, target)
  const turnsAround = (measured.ratio < 1 && ratio > 1) || (measured.ratio > 1 && ratio < 1)
  if (turnsAround || isTolerated(spec, ratio)) return stay
  const replicas = Math.ceil(ratio * values.size)
  if ((ratio < 1 && replicas > current) || (ratio > 1 && replicas < current)) return stay
  return { ...stay, replicas }
}

function sortPods({ nowMs, resource, pods, usage }: ProposalInput): {
  readonly values: Map<string, number>
  readonly ready: number
  readonly unready: string[]
  readonly missing: string[]
} {
  const values = new Map<string, number>()
  const unready: string[] = []
  const missing: string[] = []
  for (const pod of pods) {
    if (pod.isDeleting || pod.phase === 'Failed') continue
    const used = usage.get(pod.name)
    if (pod.phase === 'Pending') unready.push(pod.name)
    else if (used === undefined) missing.push(pod.name)
    else if (resource === 'cpu' && isStarting(pod, used, nowMs)) unready.push(pod.name)
    else values.set(pod.name, used.milli)
  }
  return { values, ready: values.size, unready, missing }
}

function isStarting({ isReady, startedMs, readyChangedMs }: ScaledPod, used: PodUsage, nowMs: number): boolean {
  if (startedMs + CPU_INITIALIZATION_MS > nowMs) return !isReady || used.sampledMs < readyChangedMs + used.windowMs
  return !isReady && startedMs + INITIAL_READINESS_MS > readyChangedMs
}

function compare(
  values: ReadonlyMap<string, number>,
  target: HpaTarget,
): { readonly ratio: number; readonly percent: number | undefined; readonly averageMilli: number } {
  let total = 0n
  for (const value of values.values()) total += BigInt(value)
  const averageMilli = Number(total / BigInt(values.size))
  if (target.type === 'average') return { ratio: averageMilli / target.milli, percent: undefined, averageMilli }
  let requested = 0n
  for (const name of values.keys()) requested += BigInt(target.requests.get(name) ?? 0)
  if (requested === 0n) throw new NoProposal('no metrics returned matched known pods')
  const percent = Number((total * 100n) / requested)
  return { ratio: percent / target.percent, percent, averageMilli }
}

function fullUsage(name: string, target: HpaTarget): number {
  if (target.type === 'average') return target.milli
  return Math.floor(((target.requests.get(name) ?? 0) * Math.max(100, target.percent)) / 100)
}
