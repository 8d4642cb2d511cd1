import type { StaticDiscoveryConfig } from '../config/index.ts'
import type { Discoverer } from './discoverer.ts'
import type { TargetGroup } from './target-group.ts'

/** Targets written down in the configuration: told once. */
export class StaticDiscovery implements Discoverer {
  readonly #groups: readonly TargetGroup[]

  constructor(config: StaticDiscoveryConfig) {
    this.#groups = config.groups.map((group, index) => ({
      source: String(index),
      labels: group.labels,
      targets: group.targets.map(address => ({ __address__: address })),
    }))
  }

  start(emit: (groups: readonly TargetGroup[]) => void): void {
    emit(this.#groups)
  }

  stop(): void {}
}
