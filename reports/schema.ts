import { readFileSync } from 'node:fs'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Report } from './report.ts'

/** The published schema. Compiled code lies in build/reports. */
const SCHEMA_FILE = new URL('../../docs/report.schema.json', import.meta.url)

/** Faults told at most: a report of another program altogether would otherwise fill the screen. */
const FAULTS_MAX = 12

let compiled: ValidateFunction | undefined

/** What keeps `json` from being a report, each `path: what is wrong`; empty when it is one. */
export function validateReport(json: unknown): string[] {
  compiled ??= new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as object,
  )
  const faults = compiled(json) ? beyondSchema(json as Report) : (compiled.errors ?? []).map(fault)
  const more = faults.length - FAULTS_MAX
  return more > 0 ? [...faults.slice(0, FAULTS_MAX), `and ${more} more`] : faults
}

function fault({ instancePath, keyword, params, message }: ErrorObject): string {
  const path = instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~') || 'report'
  if (keyword === 'const') return `${path}: must be ${JSON.stringify(params.allowedValue)}`
  if (keyword === 'enum') return `${path}: must be one of ${(params.allowedValues as string[]).join(', ')}`
  return `${path}: ${message ?? 'is not valid'}`
}

/** What no schema can say. */
function beyondSchema(report: Report): string[] {
  return [...raggedRows(report), ...missingRuns(report)]
}

/** Steps of a search name the runs that they were. */
function missingRuns({ capacity, runs }: Report): string[] {
  return (capacity?.steps ?? []).flatMap(({ run }, i) =>
    runs.some(({ index }) => index === run) ? [] : [`capacity.steps.${i}.run: there is no run ${run}`],
  )
}

/** Rows are as long as the list of columns. */
function raggedRows(report: Report): string[] {
  return report.runs.flatMap(({ timeline }, i) => {
    const bad = timeline.rows.findIndex(row => row.length !== timeline.columns.length)
    return bad < 0
      ? []
      : [`runs.${i}.timeline.rows.${bad}: must have ${timeline.columns.length} values, as columns has`]
  })
}
