import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/index.ts'
import { describeMetrics, evaluateThresholds, parseThresholds, type Report, type Run } from '../reports/index.ts'
import { profileByName, type TargetSpec } from '../sim/index.ts'
import type { Scenario } from './scenario.ts'
import type { Trial } from './trial.ts'
import { verdictOf } from './verdict.ts'

export function assemble(
  clock: Clock,
  parts: {
    readonly scenario: Scenario
    readonly startedAt: string
    readonly environment: Report['environment']
    readonly tool: Report['tool']
    readonly run: Run
    readonly trial: Trial
  },
): Report {
  const { scenario, run, trial } = parts
  const thresholds = evaluateThresholds(parseThresholds(scenario.thresholds), [run])
  return {
    schema: 'churnbench/report/v1',
    kind: 'run',
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
      scale: {
        nodes: scenario.cluster.nodes,
        pods: Math.max(0, ...run.timeline.rows.map(row => row[1] ?? 0)),
        seriesPerPod: seriesOf(trial.anyTarget),
        scrapeIntervalS: scenario.scrapeIntervalMs / 1000,
      },
    },
    environment: parts.environment,
    metrics: describeMetrics([run]),
    runs: [run],
    thresholds,
    warnings: trial.warnings,
    verdict: verdictOf(trial.ending, run, thresholds),
  }
}

/** Series that one pod exposes: of any, for they differ by profile only. */
function seriesOf(target: TargetSpec | undefined): number {
  return target === undefined ? 0 : profileByName(target.profile).page(target).series.length
}
