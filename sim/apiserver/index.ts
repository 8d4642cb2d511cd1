export { writeKubeconfig, type KubeconfigOptions } from './kubeconfig.ts'
export { type Disturbance, REFUSAL_CODES, type RefusalCode } from './disturbances.ts'
export { type ApiServer, type ApiServerOptions, createApiServer } from './server.ts'
export { readOnlyKind } from './read-only-kind.ts'
