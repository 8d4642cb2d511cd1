import type { MetricValue } from '../../../reports/index.ts'
import type { TrialOutcome } from '../../../harness/execute-trial.ts'
import { resolveScenario, type Scenario } from '../../../harness/scenario.ts'

/** What a trial would have measured, without one. */
export function fakeOutcome(metrics: Readonly<Record<string, number>>, more: Partial<TrialOutcome> = {}): TrialOutcome {
  const values: Record<string, MetricValue> = {}
  for (const [name, value] of Object.entries(metrics)) values[name] = { value }
  return {
    run: {
      index: 0,
      arm: 'A',
      startedAt: '2026-11-23T00:00:00.000Z',
      durationS: 10,
      subject: {
        kind: 'embedded',
        version: '0.1.0',
        configSha256: 'a'.repeat(64),
        command: ['scraper'],
        files: [],
      },
      traceSha256: 'b'.repeat(64),
      valid: true,
      invalidReasons: [],
      aborted: false,
      metrics: values,
      timeline: { intervalS: 1, columns: ['t_s'], rows: [[1]] },
      events: [],
    },
    ending: { kind: 'complete' },
    warnings: [],
    seriesPerPod: 112,
    ...more,
  }
}

export function invalid(outcome: TrialOutcome): TrialOutcome {
  return { ...outcome, run: { ...outcome.run, valid: false, invalidReasons: ['the simulation itself was late'] } }
}

export const SMALL: Scenario = resolveScenario(
  {
    name: 'small',
    description: 'Two pods for a moment.',
    cluster: { nodes: 1, workloads: { load: { replicas: 2 } } },
    scenarios: {},
    duration: '1s',
    settle: '1s',
    scrapeInterval: '1s',
    gates: { cpu_seconds_per_million_samples: ['value'] },
  },
  { profile: 'quick', seed: '1', set: [] },
)
