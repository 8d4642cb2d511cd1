export { amountOf, formatBytes, formatMilli, formatNanos, milliOf, unitsOf } from './amounts.ts'
export { type Catalogue } from './catalogue.ts'
export { allocateServiceAddresses } from './cluster-ip.ts'
export { applyDefaults } from './defaults.ts'
export { ensureNamespace } from './ensure-namespace.ts'
export { ApiError } from './errors.ts'
export { FieldErrors } from './field-errors.ts'
export { type FieldMatcher, parseFieldSelector } from './field-selector.ts'
export { admitJob } from './job-admission.ts'
export { compileLabelSelector, formatLabelSelector, type LabelMatcher, parseLabelSelector } from './label-selector.ts'
export { startNamespaceLifecycle } from './namespace-lifecycle.ts'
export { keyOf, type KubeObject, type Stored, type StoredMeta, type Writable } from './objects.ts'
export { type AdmissionOptions, admitPod } from './pod-admission.ts'
export * from './resources.ts'
export { startNamespaceContents } from './namespace-contents.ts'
export { numberTemplate } from './template-generation.ts'
export {
  conflict,
  type DeleteOptions,
  notFound,
  ObjectStore,
  type StoreEvent,
  type StoreOptions,
  timestamp,
} from './store.ts'
export { validate, validateMetadata, validateUpdate } from './validation.ts'
export type { VirtualKind } from './virtual-kind.ts'
