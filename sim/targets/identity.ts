import type { TargetSpec } from '../kubelet/pod-runtime.ts'
import { ExpositionTemplate } from './exposition-template.ts'
import { SEQUENCE_SERIES, TIME_SERIES, UID_LABEL } from './profile.ts'

/** Rows that the identity series take at the start of every page. */
export const IDENTITY_ROWS = 2

/** The two series by which a stored row explains itself; the only text that replicas do not share. */
export function identityTemplate(spec: TargetSpec): ExpositionTemplate {
  const labels = { [UID_LABEL]: spec.uid }
  return new ExpositionTemplate([
    {
      name: SEQUENCE_SERIES,
      help: 'Scrapes this target has been asked for, the current one included.',
      type: 'counter',
      samples: [{ labels }],
    },
    {
      name: TIME_SERIES,
      help: 'Clock of this target since the Unix epoch in seconds.',
      type: 'gauge',
      samples: [{ labels, decimals: 3 }],
    },
  ])
}

/** Fills the first `IDENTITY_ROWS` mantissas of a row. */
export function fillIdentity(row: Float64Array, unixMs: number, sequence: number): void {
  row[0] = sequence
  row[1] = unixMs
}
