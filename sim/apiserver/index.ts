export { writeKubeconfig, type KubeconfigOptions } from './kubeconfig.ts'
export { evictPod } from './pod-actions.ts'
export { type Disturbance, REFUSAL_CODES, type RefusalCode } from './disturbances.ts'
export { type ApiServer, type ApiServerOptions, createApiServer } from './server.ts'
