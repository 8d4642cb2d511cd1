export { writeKubeconfig, type KubeconfigOptions } from './kubeconfig.ts'
export { type ApiServer, type ApiServerOptions, createApiServer } from './server.ts'
