import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/index.ts'
import {
  describeMetrics,
  evaluateThresholds,
  parseThresholds,
  type Report,
  type Run,
  type Warning,
} from '../reports/index.ts'
import type { TrialOutcome } from './execute-trial.ts'
import type { Scenario } from './scenario.ts'

/** Makes the report of a command out of what its trials measured. */
export function assemble(
  clock: Clock,
  parts: {
    readonly kind: Report['kind']
    readonly scenario: Scenario
    readonly startedAt: string
    readonly environment: Report['environment']
    readonly tool: Report['tool']
    readonly outcomes: readonly Pick<TrialOutcome, 'run' | 'warnings' | 'seriesPerPod'>[]
    /** Which runs the thresholds are judged on; default all. */
    readonly judged?: (run: Run) => boolean
    readonly verdict: (thresholds: Report['thresholds']) => Report['verdict']
    readonly more?: Pick<Report, 'comparison' | 'calibration' | 'capacity'>
  },
): Report {
  const { scenario, outcomes } = parts
  const runs = outcomes.map(({ run }, index) => ({ ...run, index }))
  const thresholds = evaluateThresholds(parseThresholds(scenario.thresholds), runs.filter(parts.judged ?? (() => true)))
  return {
    schema: 'churnbench/report/v1',
    kind: parts.kind,
    id: randomUUID(),
    startedAt: parts.startedAt,
    endedAt: new Date(clock.unixMs()).toISOString(),
    tool: parts.tool,
    scenario: {
      name: scenario.name,
      description: scenario.description,
      profile: scenario.profile,
      seed: scenario.seed,
      sha256: scenario.sha256,
      resolved: scenario.resolved,
      gates: scenario.gates,
      scale: {
        nodes: scenario.cluster.nodes,
        pods: Math.max(
          scenario.controlPlane?.pods ?? 0,
          ...runs.flatMap(run => run.timeline.rows.map(row => row[1] ?? 0)),
        ),
        seriesPerPod: Math.max(0, ...outcomes.map(({ seriesPerPod }) => seriesPerPod)),
        scrapeIntervalS: scenario.scrapeIntervalMs / 1000,
      },
    },
    environment: parts.environment,
    metrics: describeMetrics(runs),
    runs,
    thresholds,
    warnings: gathered(outcomes.map(({ warnings }) => warnings)),
    ...parts.more,
    verdict: parts.verdict(thresholds),
  }
}

/** The same warning of several trials is told once, with how often it came. */
function gathered(perTrial: readonly (readonly Warning[])[]): Warning[] {
  const counts = new Map<string, { readonly warning: Warning; trials: number }>()
  for (const warnings of perTrial) {
    const seen = new Set<string>()
    for (const warning of warnings) {
      const key = `${warning.code} ${warning.message}`
      const known = counts.get(key)
      if (known === undefined) counts.set(key, { warning, trials: 1 })
      else if (!seen.has(key)) known.trials++
      seen.add(key)
    }
  }
  return [...counts.values()].map(({ warning, trials }) =>
    trials === 1 ? warning : { ...warning, message: `${warning.message} (in ${trials} trials)` },
  )
}
