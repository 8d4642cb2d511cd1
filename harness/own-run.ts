import type { MetricValue, Run } from '../reports/index.ts'
import { captureTool } from './environment.ts'

/**
 * The run of a scenario that measures a part of this program and no subject: one trial, no events of a plan, no timeline.
 *
 * @param kind the part that is measured, where a report has its subject
 */
export async function ownRun(
  kind: string,
  startedAt: string,
  durationS: number,
  configSha256: string,
  metrics: Readonly<Record<string, MetricValue>>,
): Promise<Run> {
  const { version } = await captureTool(new URL('../../', import.meta.url))
  return {
    index: 0,
    arm: 'A',
    startedAt,
    durationS,
    subject: { kind, version, configSha256, command: [], files: [] },
    traceSha256: '',
    valid: true,
    invalidReasons: [],
    aborted: false,
    metrics,
    timeline: { intervalS: 1, columns: [], rows: [] },
    events: [],
  }
}
