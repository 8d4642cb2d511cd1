/**
 * All that goes through a scrubbing without being asked for: words of Kubernetes, Prometheus and churnbench that are the same
 * in every cluster. What is not in these lists becomes a pseudonym; what is, and occurs, stands in the report.
 */

/** Namespaces that every cluster has; `default` is also what an action means that names none. */
export const NAMESPACES: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease'])

/** Kinds of workloads and of what owns pods. */
export const KINDS: ReadonlySet<string> = new Set([
  'CronJob',
  'DaemonSet',
  'Deployment',
  'Job',
  'Node',
  'Pod',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
])

export const ZONE_KEYS: ReadonlySet<string> = new Set([
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'region',
  'zone',
])

const ARCHITECTURES = ['386', 'amd64', 'arm', 'arm64', 'ppc64le', 'riscv64', 's390x']
const SYSTEMS = ['linux', 'windows']

/** Values of labels that are the same everywhere, by key. */
export const LABEL_VALUES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['kubernetes.io/arch', new Set(ARCHITECTURES)],
  ['beta.kubernetes.io/arch', new Set(ARCHITECTURES)],
  ['kubernetes.io/os', new Set(SYSTEMS)],
  ['beta.kubernetes.io/os', new Set(SYSTEMS)],
])

/** Values of labels that are the same everywhere, whatever the key. */
export const ANY_LABEL_VALUES: ReadonlySet<string> = new Set(['true', 'false'])

/** Labels whose values are small numbers by which pods of one controller are told apart. */
export const ORDINAL_KEYS: ReadonlySet<string> = new Set([
  'apps.kubernetes.io/pod-index',
  'batch.kubernetes.io/job-completion-index',
])

export const LABEL_KEYS: ReadonlySet<string> = new Set([
  ...ZONE_KEYS,
  ...LABEL_VALUES.keys(),
  ...ORDINAL_KEYS,
  'app',
  'app.kubernetes.io/component',
  'app.kubernetes.io/created-by',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/name',
  'app.kubernetes.io/part-of',
  'app.kubernetes.io/version',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
  'beta.kubernetes.io/instance-type',
  'chart',
  'component',
  'controller-revision-hash',
  'controller-uid',
  'env',
  'environment',
  'heritage',
  'helm.sh/chart',
  'instance',
  'job-name',
  'k8s-app',
  'kubernetes.io/cluster-service',
  'kubernetes.io/hostname',
  'kubernetes.io/metadata.name',
  'kubernetes.io/name',
  'kubernetes.io/role',
  'name',
  'node-role.kubernetes.io/control-plane',
  'node-role.kubernetes.io/master',
  'node-role.kubernetes.io/worker',
  'node.kubernetes.io/exclude-from-external-load-balancers',
  'node.kubernetes.io/instance-type',
  'pod-template-generation',
  'pod-template-hash',
  'release',
  'role',
  'run',
  'statefulset.kubernetes.io/pod-name',
  'tier',
  'track',
  'version',
])

/** Annotations that a trace has, and which of their values can be told. */
export const ANNOTATIONS: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ['prometheus.io/scrape', value => value === 'true' || value === 'false'],
  ['prometheus.io/port', value => /^\d{1,5}$/.test(value) && Number(value) <= 65_535],
  ['prometheus.io/scheme', value => value === 'http' || value === 'https'],
  ['prometheus.io/path', value => value === '/metrics'],
])
export const PROFILE_ANNOTATION = 'churnbench.io/profile'
export const PATH_ANNOTATION = 'prometheus.io/path'

/** Names of ports that say which protocol is spoken, not by whom. */
export const PORT_NAMES: ReadonlySet<string> = new Set([
  'admin',
  'amqp',
  'client',
  'dns',
  'dns-tcp',
  'grpc',
  'health',
  'healthz',
  'http',
  'http-admin',
  'http-health',
  'http-metrics',
  'http-web',
  'http2',
  'https',
  'https-metrics',
  'ldap',
  'liveness-port',
  'metrics',
  'metrics-port',
  'mysql',
  'peer',
  'postgres',
  'postgresql',
  'prometheus',
  'redis',
  'smtp',
  'ssh',
  'tcp',
  'telemetry',
  'tls',
  'udp',
  'web',
  'webhook',
])

/** Why pods fail and nodes are not ready, in Kubernetes' own words. */
export const REASONS: ReadonlySet<string> = new Set([
  'BackoffLimitExceeded',
  'Completed',
  'ContainerCannotRun',
  'ContainersNotReady',
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'DeadlineExceeded',
  'DeletionByPodGC',
  'DeletionByTaintManager',
  'ErrImagePull',
  'Error',
  'EvictionByEvictionAPI',
  'Evicted',
  'FailedScheduling',
  'ImagePullBackOff',
  'InvalidImageName',
  'KubeletNotReady',
  'KubeletReady',
  'NodeAffinity',
  'NodeLost',
  'NodeNotReady',
  'NodeShutdown',
  'NodeStatusNeverUpdated',
  'NodeStatusUnknown',
  'OOMKilled',
  'OutOfcpu',
  'OutOfephemeral-storage',
  'OutOfmemory',
  'OutOfpods',
  'PodFailed',
  'PreemptionByScheduler',
  'Preempting',
  'Preempted',
  'Shutdown',
  'StartError',
  'Terminated',
  'TerminationByKubelet',
  'UnexpectedAdmissionError',
  'Unknown',
  'Unschedulable',
])
