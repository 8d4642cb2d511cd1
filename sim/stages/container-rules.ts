import type { Container, Probe } from 'kubernetes-types/core/v1.js'
import type { Jittered } from '../messages.ts'
import type { Behaviour } from './behaviour.ts'
import type { ContainerRule } from './container-stage.ts'
import { livenessHealth, readinessHealth, whenSeen } from './probe-ticks.ts'

/** What timing rules are reckoned from. Times are milliseconds since the container entered its state. */
export interface RuleFacts {
  readonly container: Container
  readonly behaviour: Behaviour
  /** When the startup probe passed; 0 without one. */
  readonly startedMs: number
  /** Ticks of the readiness probe up to here have been reckoned with. */
  readonly probedMs: number
  readonly pullMs: number
  readonly pullBackOffMs: number
  readonly crashBackOffMs: number
  readonly stopMs: number
  /** Without a readiness probe: from the start to being ready. */
  readonly readyMs: number
  /** Uniform in [base, base + jitter], from a stream of this container's own. */
  draw(name: string, jittered: Jittered): number
}

/** A readiness probe is first asked when the kubelet sees the container run, which is within a second. */
const FIRST_LOOK_MS = 1000

/** When a stage is due, in milliseconds since the container entered its state; `undefined` for never. */
export function ruleDelayMs(rule: ContainerRule, facts: RuleFacts): number | undefined {
  const { container, behaviour } = facts
  switch (rule) {
    case 'pull':
      return facts.pullMs
    case 'pull-back-off':
      return facts.pullBackOffMs
    case 'crash-back-off':
      return facts.crashBackOffMs
    case 'stop':
      return facts.stopMs
    case 'run':
      return behaviour.runForMs
    case 'startup-passes':
      return container.startupProbe === undefined ? undefined : startup(container.startupProbe, facts, true)
    case 'startup-fails':
      return container.startupProbe === undefined ? undefined : startup(container.startupProbe, facts, false)
    case 'becomes-ready':
      // Without a probe there is nothing that could fail.
      return container.readinessProbe === undefined
        ? facts.startedMs + facts.readyMs
        : readiness(container.readinessProbe, facts, true)
    case 'becomes-unready':
      return container.readinessProbe === undefined ? undefined : readiness(container.readinessProbe, facts, false)
    case 'liveness-fails':
      return container.livenessProbe === undefined ? undefined : liveness(container.livenessProbe, facts)
  }
}

function startup(probe: Probe, facts: RuleFacts, wanted: boolean): number | undefined {
  const phaseMs = facts.draw('startup-probe', { base: 0, jitter: periodMs(probe) - 1 })
  return whenSeen(probe, livenessHealth(facts.behaviour), { phaseMs, fromMs: 0, wanted })
}

function readiness(probe: Probe, facts: RuleFacts, wanted: boolean): number | undefined {
  // The kubelet asks at once when it sees the container started, and every period from then on.
  const lookMs = facts.draw('readiness-probe', { base: 0, jitter: Math.min(FIRST_LOOK_MS, periodMs(probe)) - 1 })
  const phaseMs = facts.startedMs + lookMs
  return whenSeen(probe, readinessHealth(facts.behaviour), { phaseMs, fromMs: facts.probedMs, wanted })
}

function liveness(probe: Probe, facts: RuleFacts): number | undefined {
  const phaseMs = facts.draw('liveness-probe', { base: 0, jitter: periodMs(probe) - 1 })
  const health = livenessHealth(facts.behaviour)
  return whenSeen(probe, health, { phaseMs, fromMs: facts.startedMs, wanted: false })
}

function periodMs(probe: Probe): number {
  return (probe.periodSeconds ?? 10) * 1000
}
