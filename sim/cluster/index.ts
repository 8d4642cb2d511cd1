export { ApiError } from './errors.ts'
export { keyOf, type KubeObject, type Stored, type StoredMeta } from './objects.ts'
export * from './resources.ts'
export { type DeleteOptions, notFound, ObjectStore, type StoreEvent, type StoreOptions, timestamp } from './store.ts'
