import { type Prng, unreachable } from '../../base/index.ts'
import type { ChurnInput, Duration, LoadStage } from '../../scenarios/index.ts'
import type { PlannedLoad } from './planned-load.ts'
import { RateCurve } from './rate-curve.ts'
import { ITERATIONS_MAX, timetable } from './timetable.ts'

/** One of k6's executors as scenarios may use it. */
export interface Executor {
  readonly name: ChurnInput['executor']
  /**
   * `open`: iterations have intended times. `closed`: virtual users begin one after the other. `counted`: so many iterations,
   * by virtual users when they take time.
   */
  readonly kind: 'open' | 'closed' | 'counted'
  /** One sentence for the documentation. */
  readonly description: string
  readonly required: readonly string[]
  /** By name, with the default that it has. */
  readonly optional: Readonly<Record<string, string>>
}

export const EXECUTORS: readonly Executor[] = [
  {
    name: 'shared-iterations',
    kind: 'counted',
    description:
      'Actions: `iterations` of them, all due at `startTime`. Queries: the virtual users share the iterations, each taking the next when it is free.',
    required: [],
    optional: { iterations: '1', vus: '1', maxDuration: '10m' },
  },
  {
    name: 'per-vu-iterations',
    kind: 'counted',
    description: 'The same, but each of the virtual users performs `iterations`: there are `vus` times as many.',
    required: [],
    optional: { iterations: '1', vus: '1', maxDuration: '10m' },
  },
  {
    name: 'constant-vus',
    kind: 'closed',
    description: 'So many virtual users for the `duration`, each beginning a query as soon as its last one is over.',
    required: ['vus', 'duration'],
    optional: {},
  },
  {
    name: 'ramping-vus',
    kind: 'closed',
    description: 'The same, with a number of virtual users that follows the `stages` in straight lines.',
    required: ['stages'],
    optional: { startVUs: '1' },
  },
  {
    name: 'constant-arrival-rate',
    kind: 'open',
    description:
      'Iteration *i* = 0, 1, … is due at `startTime + i · timeUnit / rate`, while that is within `duration`.',
    required: ['rate', 'duration'],
    optional: { timeUnit: '1s', arrivals: 'even' },
  },
  {
    name: 'ramping-arrival-rate',
    kind: 'open',
    description:
      'The rate follows the `stages` in straight lines from `startRate`; iteration *i* = 1, 2, … is due when its integral reaches *i*.',
    required: ['stages'],
    optional: { startRate: '0', timeUnit: '1s', arrivals: 'even' },
  },
]

/** What every entry has, whatever its executor. */
const COMMON = new Set(['executor', 'exec', 'args', 'each', 'tags', 'startTime', 'gracefulStop'])

/** Fields that an executor lacks or does not know, each `path: what is wrong`. The entry has the shape of the schema. */
export function checkExecutor(entry: ChurnInput, path: string): string[] {
  const executor = EXECUTORS.find(({ name }) => name === entry.executor)!
  const known = [...executor.required, ...Object.keys(executor.optional)]
  const faults = executor.required
    .filter(field => !(field in entry))
    .map(field => `${path}.${field}: is missing; ${executor.name} needs ${executor.required.join(' and ')}`)
  for (const field of Object.keys(entry)) {
    if (COMMON.has(field) || known.includes(field)) continue
    faults.push(`${path}.${field}: ${executor.name} has no such field; it has ${known.join(', ')}`)
  }
  return faults
}

export interface LoadContext {
  /** Path of the entry, for faults. */
  readonly path: string
  /** Reads a duration in ms, or notes a fault and returns 0. */
  readonly ms: (path: string, text: string) => number
  readonly faults: string[]
  /** A stream of the entry's own. */
  readonly prng: Prng
  /** Planned time of the scenario: virtual users end with it. */
  readonly durationMs: number
}

/**
 * The entry's load in ms since the scenario's start. Of one that counts iterations it is that of virtual users; what takes no
 * time uses `countedTimes` instead.
 */
export function planLoad(entry: ChurnInput, context: LoadContext): PlannedLoad {
  const { path, ms, durationMs } = context
  const startMs = startOf(entry, context)
  const vus = (startVus: number, stages: readonly { untilMs: number; vus: number }[]) =>
    ({
      kind: 'closed',
      startMs,
      startVus,
      stages,
      gracefulStopMs: ms(`${path}.gracefulStop`, entry.gracefulStop ?? '30s'),
    }) as const
  switch (entry.executor) {
    case 'constant-arrival-rate': {
      const stages = [{ duration: entry.duration, target: entry.rate }]
      return open(entry, { startRate: entry.rate, stages, first: 0 }, startMs, context)
    }
    case 'ramping-arrival-rate':
      return open(entry, { startRate: entry.startRate ?? 0, stages: entry.stages, first: 1 }, startMs, context)
    case 'constant-vus':
      return vus(entry.vus, [{ untilMs: startMs + ms(`${path}.duration`, entry.duration), vus: entry.vus }])
    case 'ramping-vus': {
      let untilMs = startMs
      const stages = entry.stages.map(({ duration, target }, i) => {
        untilMs += ms(`${path}.stages.${i}.duration`, duration)
        return { untilMs, vus: target }
      })
      return vus(entry.startVUs ?? 1, stages)
    }
    case 'shared-iterations':
    case 'per-vu-iterations': {
      const users = entry.vus ?? 1
      const untilMs = Math.min(durationMs, startMs + ms(`${path}.maxDuration`, entry.maxDuration ?? '10m'))
      const of = entry.executor === 'shared-iterations' ? 'all' : 'each'
      return { ...vus(users, [{ untilMs, vus: users }]), iterations: { count: iterationsOf(entry, context), of } }
    }
    default:
      return unreachable(entry, 'executor')
  }
}

type Counted = Extract<ChurnInput, { executor: 'shared-iterations' | 'per-vu-iterations' }>

/** The intended times of counted iterations that take no time: all are due when the executor starts. */
export function countedTimes(entry: Counted, context: LoadContext): number[] {
  const iterations = iterationsOf(entry, context)
  const count = entry.executor === 'shared-iterations' ? iterations : iterations * (entry.vus ?? 1)
  const startMs = startOf(entry, context)
  if (isTooMany(count, context)) return []
  return Array.from({ length: count }, () => startMs)
}

function startOf(entry: ChurnInput, { path, ms }: LoadContext): number {
  return ms(`${path}.startTime`, entry.startTime ?? '0s')
}

function iterationsOf(entry: Counted, { path, faults }: LoadContext): number {
  const { iterations = 1, vus = 1 } = entry
  if (entry.executor === 'shared-iterations' && iterations < vus) {
    faults.push(`${path}.iterations: ${iterations} cannot be shared by ${vus} virtual users`)
  }
  return iterations
}

function open(
  entry: { readonly timeUnit?: Duration; readonly arrivals?: 'even' | 'poisson' },
  shape: { readonly startRate: number; readonly stages: readonly LoadStage[]; readonly first: 0 | 1 },
  startMs: number,
  context: LoadContext,
): PlannedLoad {
  const { path, ms, faults, prng } = context
  const unitMs = ms(`${path}.timeUnit`, entry.timeUnit ?? '1s')
  if (unitMs <= 0) {
    faults.push(`${path}.timeUnit: must be longer than 0`)
    return { kind: 'open', atMs: [] }
  }
  const stages = shape.stages.map(({ duration, target }, i) => ({
    durationMs: ms(shape.first === 0 ? `${path}.duration` : `${path}.stages.${i}.duration`, duration),
    target,
  }))
  const curve = new RateCurve(shape.startRate, unitMs, stages)
  if (isTooMany(curve.total, context)) return { kind: 'open', atMs: [] }
  return {
    kind: 'open',
    atMs: timetable(curve, shape.first, entry.arrivals ?? 'even', prng).map(atMs => startMs + atMs),
  }
}

function isTooMany(count: number, { path, faults }: LoadContext): boolean {
  if (count <= ITERATIONS_MAX) return false
  faults.push(`${path}: ${Math.ceil(count)} iterations are more than the ${ITERATIONS_MAX} that one entry may have`)
  return true
}
