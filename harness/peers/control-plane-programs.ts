import type { GoProgram } from './go-programs.ts'

/** The releases that were tried together: KWOK 0.8 is tested by its makers with Kubernetes 1.36 and etcd 3.6. */
const KUBERNETES_RELEASE = '1.36.3'
const ETCD_RELEASE = '3.6.13'
const KWOK_RELEASE = '0.8.0'

/** What Kubernetes is made of keeps its major version back: 1.36.3 is v0.36.3 there. */
const STAGING_RELEASE = KUBERNETES_RELEASE.replace(/^1\./, '0.')

/**
 * Modules that Kubernetes' own module replaces by folders beside it. Those folders are no part of it as it is published, and a
 * `replace` counts in the main module only: each is replaced by its release of the same day.
 */
const STAGING_MODULES: readonly string[] = (
  'api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap ' +
  'code-generator component-base component-helpers controller-manager cri-api cri-client cri-streaming ' +
  'csi-translation-lib dynamic-resource-allocation endpointslice externaljwt kms kube-aggregator ' +
  'kube-controller-manager kube-proxy kube-scheduler kubectl kubelet metrics mount-utils pod-security-admission ' +
  'sample-apiserver sample-cli-plugin sample-controller streaming'
).split(' ')

function ofKubernetes(name: string): GoProgram {
  const command = `k8s.io/kubernetes/cmd/${name}`
  return {
    name,
    version: KUBERNETES_RELEASE,
    modules: [`${command}@v${KUBERNETES_RELEASE}`],
    replaces: STAGING_MODULES.map(module => `k8s.io/${module} => k8s.io/${module} v${STAGING_RELEASE}`),
    command,
    tags: '',
    versionVariable: 'k8s.io/component-base/version.gitVersion=v%',
  }
}

/** A real control plane, and KWOK, which plays its nodes and pods. */
export const CONTROL_PLANE_PROGRAMS: Readonly<Record<string, GoProgram>> = {
  etcd: {
    name: 'etcd',
    version: ETCD_RELEASE,
    modules: [`go.etcd.io/etcd/server/v3@v${ETCD_RELEASE}`],
    command: 'go.etcd.io/etcd/server/v3',
    tags: '',
  },
  'kube-apiserver': ofKubernetes('kube-apiserver'),
  'kube-controller-manager': ofKubernetes('kube-controller-manager'),
  'kube-scheduler': ofKubernetes('kube-scheduler'),
  kwok: {
    name: 'kwok',
    version: KWOK_RELEASE,
    modules: [`sigs.k8s.io/kwok/cmd/kwok@v${KWOK_RELEASE}`],
    command: 'sigs.k8s.io/kwok/cmd/kwok',
    tags: '',
  },
}
