export { DiscoveryManager, type DiscoveryManagerOptions } from './discovery-manager.ts'
export type { TargetGroup } from './target-group.ts'
