import type { Pod, PodTemplateSpec } from 'kubernetes-types/core/v1.js'
import { type AdmissionOptions, admitPod, applyDefaults, Pods } from '../cluster/index.ts'

/**
 * What all pods of a template have in common, admission included. Made once for each template and shared by reference, for
 * stored objects never change.
 */
export class PodPrototypes {
  readonly #admission: AdmissionOptions
  readonly #byTemplate = new WeakMap<PodTemplateSpec, Pod>()

  constructor(admission: AdmissionOptions) {
    this.#admission = admission
  }

  /** @param prepare changes the pod before its defaults; the same for all calls with one template. */
  of(template: PodTemplateSpec, prepare?: (pod: Pod) => void): Pod {
    let prototype = this.#byTemplate.get(template)
    if (prototype === undefined) {
      prototype = structuredClone(template)
      prepare?.(prototype)
      applyDefaults(Pods, prototype)
      admitPod(prototype, this.#admission)
      this.#byTemplate.set(template, prototype)
    }
    return prototype
  }
}
