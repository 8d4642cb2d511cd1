export { STATE_KINDS, type StateChange, StateRegistry } from './state-registry.ts'
