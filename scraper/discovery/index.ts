export { DiscoveryManager, type DiscoveryManagerOptions } from './discovery-manager.ts'
export { DiscoveryConfigError } from './errors.ts'
export type { TargetGroup } from './target-group.ts'
