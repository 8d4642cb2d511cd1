import { readFileSync } from 'node:fs'
import type { TraceOrigin } from '../sim/index.ts'
import type { Scenario } from './scenario.ts'

/** Compiled code lies in build/harness. */
const PACKAGE = new URL('../../package.json', import.meta.url)

/** What the trace of a run says of where it comes from. @param unixMs about when it begins. */
export function runOrigin({ name, profile, seed, sha256 }: Scenario, unixMs: number): TraceOrigin {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }
  return {
    start: new Date(unixMs).toISOString(),
    source: {
      kind: 'run',
      tool: `churnbench ${version}`,
      details: { scenario: name, profile, seed, scenarioSha256: sha256 },
    },
    targets: 'annotated',
  }
}
