import { toolName } from '../base/index.ts'
import type { TraceOrigin } from '../sim/index.ts'
import type { Scenario } from './scenario.ts'

/** What the trace of a run says of where it comes from. @param unixMs about when it begins. */
export function runOrigin({ name, profile, seed, sha256 }: Scenario, unixMs: number): TraceOrigin {
  return {
    start: new Date(unixMs).toISOString(),
    source: {
      kind: 'run',
      tool: toolName(),
      details: { scenario: name, profile, seed, scenarioSha256: sha256 },
    },
    targets: 'annotated',
  }
}
