import type { Labels } from '../churn-event.ts'
import type { Keep } from './keep.ts'
import type { ObjectNames } from './object-names.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import type { ScrubLedger } from './scrub-ledger.ts'
import {
  ANNOTATIONS,
  ANY_LABEL_VALUES,
  LABEL_KEYS,
  LABEL_VALUES,
  ORDINAL_KEYS,
  PATH_ANNOTATION,
  PROFILE_ANNOTATION,
  ZONE_KEYS,
} from './well-known.ts'

/**
 * Labels, selectors and annotations. A key or a value becomes the same wherever it stands, so that what a selector selected it
 * still selects. Keys of Kubernetes and those that everybody uses stay; so do values that say nothing of anybody.
 */
export class LabelScrubber {
  readonly #pseudonyms: Pseudonyms
  readonly #ledger: ScrubLedger
  readonly #names: ObjectNames
  readonly #keep: Keep
  readonly #profiles: ReadonlySet<string>

  constructor(
    pseudonyms: Pseudonyms,
    ledger: ScrubLedger,
    names: ObjectNames,
    keep: Keep,
    profiles: ReadonlySet<string>,
  ) {
    this.#pseudonyms = pseudonyms
    this.#ledger = ledger
    this.#names = names
    this.#keep = keep
    this.#profiles = profiles
  }

  labels(labels: Labels): Labels {
    return Object.fromEntries(Object.entries(labels).map(([key, value]) => [this.key(key), this.value(key, value)]))
  }

  /** `corp.example/team` becomes `prefix.example/name`. */
  key(key: string): string {
    if (LABEL_KEYS.has(key) || this.#keep.labels.has(key)) return this.#ledger.keep('label keys', key)
    return this.#unknownKey('label keys', key)
  }

  value(key: string, value: string): string {
    if (value === '') return value
    const isKept =
      this.#keep.labels.has(key) || ANY_LABEL_VALUES.has(value) || LABEL_VALUES.get(key)?.has(value) === true
    if (isKept) return this.#ledger.keep('label values', value)
    if (ZONE_KEYS.has(key)) return this.#names.zone(value)
    if (ORDINAL_KEYS.has(key) && /^\d{1,5}$/.test(value)) return this.#ledger.keep('ordinals', value)
    switch (key) {
      case 'kubernetes.io/hostname':
        return this.#names.node(value)
      case 'kubernetes.io/metadata.name':
        return this.#names.namespace(value)
      case 'pod-template-hash':
        return this.#names.templateHash(value)
      case 'controller-revision-hash':
        return this.#names.revision(value)
      case 'statefulset.kubernetes.io/pod-name':
        return this.#names.statefulPod(value)
      case 'job-name':
      case 'batch.kubernetes.io/job-name':
        return this.#names.workload('Job', value)
      case 'controller-uid':
      case 'batch.kubernetes.io/controller-uid':
        return this.#pseudonyms.uid('uids', value)
      default:
        return this.#pseudonyms.word('name', 'label values', value)
    }
  }

  annotations(annotations: Labels): Labels {
    return Object.fromEntries(
      Object.entries(annotations).map(([key, value]) => [this.#annotationKey(key), this.#annotation(key, value)]),
    )
  }

  /** A profile of metrics is kept when it is one of ours: no other can be replayed. */
  profile(name: string): string {
    if (this.#profiles.has(name)) return this.#ledger.keep('profiles', name)
    return this.#pseudonyms.word('name', 'profiles', name)
  }

  #annotationKey(key: string): string {
    const isKept = ANNOTATIONS.has(key) || key === PROFILE_ANNOTATION || this.#keep.names.has('annotations')
    return isKept ? this.#ledger.keep('annotation keys', key) : this.#unknownKey('annotation keys', key)
  }

  #annotation(key: string, value: string): string {
    if (value === '') return value
    if (this.#keep.names.has('annotations') || ANNOTATIONS.get(key)?.(value) === true) {
      return this.#ledger.keep('annotation values', value)
    }
    if (key === PROFILE_ANNOTATION) return this.profile(value)
    if (key !== PATH_ANNOTATION) return this.#pseudonyms.word('name', 'annotation values', value)
    const path = `/${this.#pseudonyms.word('path', 'annotation values', value)}`
    return this.#pseudonyms.composed('path', value, path)
  }

  #unknownKey(field: string, key: string): string {
    const slash = key.indexOf('/')
    if (slash === -1) return this.#pseudonyms.word('key', field, key)
    this.#ledger.replace(field, key)
    const prefix = this.#pseudonyms.word('key', 'parts of keys', key.slice(0, slash))
    const name = this.#pseudonyms.word('key', 'parts of keys', key.slice(slash + 1))
    return this.#pseudonyms.composed('key', key, `${prefix}.example/${name}`)
  }
}
