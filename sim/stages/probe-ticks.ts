import type { Probe } from 'kubernetes-types/core/v1.js'
import type { Behaviour } from './behaviour.ts'

/** What a container would answer to a probe, by milliseconds since its start. */
export interface Health {
  isGoodAt(ms: number): boolean
  /** First instant after `ms` at which the answer changes; `Infinity` when it never does. */
  changesAfter(ms: number): number
}

/** Ticks that are looked at before it is held that a probe's mind never changes: a day at the usual ten seconds. */
const TICKS_MAX = 8640

/**
 * When a probe has seen the wanted answer often enough in a row, or `undefined` for never. Milliseconds since the start of
 * the container.
 *
 * @param options.phaseMs of the ticks: they come at `phaseMs`, `phaseMs + period`, …
 * @param options.fromMs ticks before do not count; nor do those within the probe's initial delay.
 */
export function whenSeen(
  probe: Probe,
  health: Health,
  options: { readonly phaseMs: number; readonly fromMs: number; readonly wanted: boolean },
): number | undefined {
  const { phaseMs, wanted } = options
  const periodMs = (probe.periodSeconds ?? 10) * 1000
  const threshold = wanted ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)
  const tickFrom = (ms: number): number => phaseMs + Math.ceil(Math.max(0, ms - phaseMs) / periodMs) * periodMs
  let tick = tickFrom(Math.max(options.fromMs, (probe.initialDelaySeconds ?? 0) * 1000))
  let inARow = 0
  for (let i = 0; i < TICKS_MAX; i++) {
    const changeMs = health.changesAfter(tick)
    if (health.isGoodAt(tick) === wanted) {
      inARow++
      if (inARow === threshold) return tick
      if (changeMs === Infinity) return tick + (threshold - inARow) * periodMs
      tick += periodMs
    } else {
      if (changeMs === Infinity) return undefined
      inARow = 0
      tick = tickFrom(changeMs)
    }
  }
  return undefined
}

/** What readiness probes are told: bad until `healthy-after`, then good and bad in turn. */
export function readinessHealth({ healthyAfterMs, unreadyAfterMs, unreadyForMs }: Behaviour): Health {
  if (unreadyAfterMs === undefined) return goodWithin(healthyAfterMs, Infinity)
  if (unreadyForMs === undefined || unreadyForMs === 0) return goodWithin(healthyAfterMs, unreadyAfterMs)
  const cycleMs = unreadyAfterMs + unreadyForMs
  return {
    isGoodAt: ms => ms >= healthyAfterMs && ms % cycleMs < unreadyAfterMs,
    changesAfter(ms) {
      if (ms < healthyAfterMs) return healthyAfterMs
      const within = ms % cycleMs
      return ms - within + (within < unreadyAfterMs ? unreadyAfterMs : cycleMs)
    },
  }
}

/** What startup and liveness probes are told. */
export function livenessHealth({ healthyAfterMs, notLiveAfterMs = Infinity }: Behaviour): Health {
  return goodWithin(healthyAfterMs, notLiveAfterMs)
}

function goodWithin(fromMs: number, untilMs: number): Health {
  return {
    isGoodAt: ms => ms >= fromMs && ms < untilMs,
    changesAfter: ms =>
      ms < fromMs && fromMs < untilMs ? fromMs : ms < untilMs && fromMs < untilMs ? untilMs : Infinity,
  }
}

/** What the kubelet reports of a failed probe. */
export function probeOutput(probe: Probe | undefined, address: string): string {
  if (probe?.httpGet !== undefined) return 'HTTP probe failed with statuscode: 503'
  if (probe?.tcpSocket !== undefined) {
    return `dial tcp ${address}:${probe.tcpSocket.port}: connect: connection refused`
  }
  if (probe?.grpc !== undefined) return 'service unhealthy (responded with "NOT_SERVING")'
  return ''
}
