import { calibrationSubject } from './calibration.ts'
import { embeddedSubject } from './embedded.ts'
import { SubjectError } from './errors.ts'
import { externalSubject } from './external.ts'
import { otelcolSubject } from './otelcol.ts'
import { prometheusSubject } from './prometheus.ts'
import type { SubjectDefinition } from './subject.ts'
import { victoriaMetricsSubject } from './victoriametrics.ts'
import { vmagentSubject } from './vmagent.ts'

const DEFINITIONS: readonly SubjectDefinition[] = [
  embeddedSubject(),
  prometheusSubject(),
  victoriaMetricsSubject(),
  vmagentSubject(),
  otelcolSubject(),
  externalSubject(),
  calibrationSubject(),
]

/** What `--subject` accepts, the default first. */
export const SUBJECT_KINDS: readonly string[] = DEFINITIONS.map(definition => definition.kind)

/** @throws SubjectError CHURN_SUBJECT_KIND */
export function subjectByKind(kind: string): SubjectDefinition {
  const definition = DEFINITIONS.find(each => each.kind === kind)
  if (definition !== undefined) return definition
  throw new SubjectError('CHURN_SUBJECT_KIND', `there is no subject "${kind}"; there are ${SUBJECT_KINDS.join(', ')}`)
}

/** For whoever is about to put a load of queries on. @throws SubjectError CHURN_SUBJECT_NO_QUERIES */
export function requireQueryApi({ kind, answersQueries = true }: SubjectDefinition): void {
  if (answersQueries) return
  throw new SubjectError(
    'CHURN_SUBJECT_NO_QUERIES',
    `${kind} stores nothing: a query load needs a subject with a query API`,
  )
}
