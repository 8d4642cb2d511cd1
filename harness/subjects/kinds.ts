import { embeddedSubject } from './embedded.ts'
import { SubjectError } from './errors.ts'
import { prometheusSubject } from './prometheus.ts'
import type { SubjectDefinition } from './subject.ts'
import { victoriaMetricsSubject } from './victoriametrics.ts'

const DEFINITIONS: readonly SubjectDefinition[] = [embeddedSubject(), prometheusSubject(), victoriaMetricsSubject()]

/** What `--subject` accepts, the default first. */
export const SUBJECT_KINDS: readonly string[] = DEFINITIONS.map(definition => definition.kind)

/** @throws SubjectError CHURN_SUBJECT_KIND */
export function subjectByKind(kind: string): SubjectDefinition {
  const definition = DEFINITIONS.find(each => each.kind === kind)
  if (definition !== undefined) return definition
  throw new SubjectError('CHURN_SUBJECT_KIND', `there is no subject "${kind}"; there are ${SUBJECT_KINDS.join(', ')}`)
}
