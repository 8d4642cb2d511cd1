export type {
  ApiAccess,
  ExitInfo,
  InstantSample,
  RawSeries,
  ResourceUsage,
  Subject,
  SubjectDefinition,
  SubjectOptions,
  SubjectSpec,
} from './subject.ts'
export { SubjectChild } from './child.ts'
export { defaultPrometheusConfig, type DefaultConfigOptions } from './default-config.ts'
export { embeddedSubject } from './embedded.ts'
export { SubjectError, type SubjectErrorCode } from './errors.ts'
export { checkedSpec, externalSubject } from './external.ts'
export { requireQueryApi, SUBJECT_KINDS, subjectByKind } from './kinds.ts'
export { otelcolSubject } from './otelcol.ts'
export { type ApiServerEntry, type FilledConfig, fillPrometheusConfig } from './prometheus-config.ts'
export { prometheusSubject } from './prometheus.ts'
export { QueryClient } from './query-client.ts'
export type { ScrapedTarget } from './scrape-targets.ts'
export { victoriaMetricsSubject } from './victoriametrics.ts'
export { vmagentSubject } from './vmagent.ts'
export { processUsage } from './process-usage.ts'
