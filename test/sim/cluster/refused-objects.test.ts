import t from 'tap'
import { parse } from 'yaml'
import { type KubeObject, ObjectStore } from '../../../sim/cluster/index.ts'
import { Prng, VirtualClock } from '../../../base/index.ts'
import { type Fixture, start } from '../apiserver/fixture.ts'

/**
 * What the server says about manifests that are wrong, and about changes that nobody may make. Sentences are those of
 * Kubernetes 1.36, whose API server says them with code 422.
 */

const CATALOGUE = new ObjectStore(new VirtualClock(), new Prng('catalogue')).resources

function urlOf({ apiVersion = '', kind }: KubeObject): string {
  const type = CATALOGUE.all().find(type => type.kind === kind && apiVersion.endsWith(type.version))!
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`
  return `${root}${type.namespaced ? '/namespaces/default' : ''}/${type.plural}`
}

const CONTAINERS = 'containers: [{ name: a, image: "a:1" }]'
const TEMPLATE = `template: { metadata: { labels: { app: a } }, spec: { ${CONTAINERS} } }`
const SELECTOR = 'selector: { matchLabels: { app: a } }'
const JOB_TEMPLATE = `template: { spec: { restartPolicy: Never, ${CONTAINERS} } }`
const IMMUTABLE = 'field is immutable'

/** Apart from what stands here, each object has `metadata.name: x`. */
const REFUSED: [apiVersion: string, kind: string, body: string, message: string][] = [
  [
    'v1',
    'Pod',
    `spec: { ${CONTAINERS}, activeDeadlineSeconds: 0, dnsPolicy: None2, hostname: A }`,
    'Pod "x" is invalid: [spec.dnsPolicy: Unsupported value: "None2": supported values: "ClusterFirstWithHostNet", ' +
      '"ClusterFirst", "Default", "None", spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, ' +
      'inclusive, spec.hostname: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric ' +
      "characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used " +
      "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')]",
  ],
  [
    'v1',
    'Pod',
    'spec: { containers: [{ name: a, image: "a:1", volumeMounts: [{ name: v, mountPath: /v }], resources: { requests: { cpu: 2 }, limits: { cpu: 1500m } } }] }',
    'Pod "x" is invalid: [spec.containers[0].volumeMounts[0].name: Not found: "v", spec.containers[0].resources.requests: ' +
      'Invalid value: "2": must be less than or equal to cpu limit of 1500m]',
  ],
  [
    'v1',
    'Pod',
    'spec: { containers: [{ name: a, image: "a:1", livenessProbe: { httpGet: { port: 0 }, exec: { command: [x] }, successThreshold: 2 }, readinessProbe: {} }] }',
    'Pod "x" is invalid: [spec.containers[0].livenessProbe.httpGet: Forbidden: may not specify more than 1 handler type, ' +
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1, spec.containers[0].readinessProbe: ' +
      'Required value: must specify a handler type]',
  ],
  [
    'v1',
    'Pod',
    'spec: { initContainers: [{ name: a, image: "a:1", livenessProbe: { exec: { command: [x] } } }], containers: [{ name: a, image: "a:1", resources: { limits: { apples: 1 } } }] }',
    'Pod "x" is invalid: [spec.containers[0].resources.limits[apples]: Invalid value: "apples": must be a standard resource ' +
      'type or fully qualified, spec.containers[0].resources.requests[apples]: Invalid value: "apples": must be a standard ' +
      'resource type or fully qualified, spec.initContainers[0].name: Duplicate value: "a", ' +
      'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always]',
  ],
  [
    'v1',
    'Pod',
    `spec: { ${CONTAINERS}, volumes: [{ name: v, emptyDir: {}, secret: { secretName: s } }, { name: w, configMap: {} }], topologySpreadConstraints: [{ maxSkew: 0, topologyKey: zone, whenUnsatisfiable: Never }] }`,
    'Pod "x" is invalid: [spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type, ' +
      'spec.volumes[1].configMap.name: Required value, spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be ' +
      'greater than zero, spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Never": supported values: ' +
      '"DoNotSchedule", "ScheduleAnyway"]',
  ],
  [
    'v1',
    'Pod',
    'spec: { containers: [{ name: a, image: "a:1", env: [{ name: A, value: b, valueFrom: { secretKeyRef: { name: s, key: "k k" } } }] }], affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } }',
    'Pod "x" is invalid: [spec.containers[0].env[0].valueFrom.secretKeyRef.key: Invalid value: "k k": a valid config key must ' +
      "consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for " +
      'validation is \'[-._a-zA-Z0-9]+\'), spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when ' +
      '`value` is not empty, spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: ' +
      'Required value: must have at least one node selector term]',
  ],
  [
    'apps/v1',
    'Deployment',
    `spec: { ${TEMPLATE} }`,
    'Deployment.apps "x" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid value: ' +
      '{"app":"a"}: `selector` does not match template `labels`]',
  ],
  [
    'apps/v1',
    'StatefulSet',
    `spec: { ${SELECTOR}, ${TEMPLATE}, podManagementPolicy: Any, updateStrategy: { type: OnDelete, rollingUpdate: {} }, replicas: -1, ordinals: { start: -1 } }`,
    'StatefulSet.apps "x" is invalid: [spec.podManagementPolicy: Invalid value: "Any": must be \'OrderedReady\' or ' +
      "'Parallel', spec.updateStrategy.rollingUpdate: Invalid value: {}: only allowed for updateStrategy 'RollingUpdate', " +
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.ordinals.start: Invalid value: -1: must be ' +
      'greater than or equal to 0]',
  ],
  [
    'apps/v1',
    'StatefulSet',
    `{ metadata: { name: a.b }, spec: { ${SELECTOR}, ${TEMPLATE}, volumeClaimTemplates: [{ metadata: { name: d }, spec: {} }] } }`,
    'StatefulSet.apps "a.b" is invalid: [metadata.name: Invalid value: "a.b": a lowercase RFC 1123 label must consist of ' +
      "lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or " +
      "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?'), spec.volumeClaimTemplates[0].spec.accessModes: " +
      'Required value: at least 1 access mode is required, spec.volumeClaimTemplates[0].spec.resources[storage]: Required value]',
  ],
  [
    'apps/v1',
    'DaemonSet',
    `spec: { ${SELECTOR}, template: { metadata: { labels: { app: b } }, spec: { restartPolicy: Never, ${CONTAINERS} } }, updateStrategy: { rollingUpdate: { maxSurge: 1 } } }`,
    'DaemonSet.apps "x" is invalid: [spec.template.metadata.labels: Invalid value: {"app":"b"}: `selector` does not match ' +
      'template `labels`, spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always", ' +
      'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero]',
  ],
  [
    'apps/v1',
    'ControllerRevision',
    'revision: -1',
    'ControllerRevision.apps "x" is invalid: [revision: Invalid value: -1: must be greater than or equal to 0, data: Required ' +
      'value: data is mandatory]',
  ],
  [
    'batch/v1',
    'Job',
    `spec: { template: { spec: { ${CONTAINERS} } } }`,
    'Job.batch "x" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  [
    'batch/v1',
    'Job',
    `spec: { ${JOB_TEMPLATE}, completionMode: Indexed, parallelism: 1, backoffLimit: -1 }`,
    'Job.batch "x" is invalid: [spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0, spec.completions: ' +
      'Required value: when completion mode is Indexed]',
  ],
  [
    'batch/v1',
    'Job',
    `spec: { manualSelector: true, ${JOB_TEMPLATE}, successPolicy: { rules: [{ succeededCount: 1 }] } }`,
    'Job.batch "x" is invalid: [spec.successPolicy: Invalid value: {"rules":[{"succeededCount":1}]}: requires indexed ' +
      'completion mode, spec.selector: Required value, spec.template.metadata.labels: Invalid value: null: `selector` does not ' +
      'match template `labels`]',
  ],
  [
    'batch/v1',
    'Job',
    `spec: { ${JOB_TEMPLATE}, podFailurePolicy: { rules: [{ action: Ignore }, { onExitCodes: { operator: In, values: [2, 0] } }] } }`,
    'Job.batch "x" is invalid: [spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and ' +
      'OnPodConditions is required, spec.podFailurePolicy.rules[1].action: Required value: valid values: ["Count" "FailIndex" ' +
      '"FailJob" "Ignore"], spec.podFailurePolicy.rules[1].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In ' +
      'operator, spec.podFailurePolicy.rules[1].onExitCodes.values: Invalid value: [2,0]: must be ordered]',
  ],
  [
    'batch/v1',
    'CronJob',
    `spec: { schedule: "* * * *", timeZone: Mars/Base, concurrencyPolicy: Some, jobTemplate: { spec: { ${SELECTOR}, ${JOB_TEMPLATE} } } }`,
    'CronJob.batch "x" is invalid: [spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *], ' +
      'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base, spec.concurrencyPolicy: Unsupported value: ' +
      '"Some": supported values: "Allow", "Forbid", "Replace", spec.jobTemplate.spec.selector: Invalid value: ' +
      '{"matchLabels":{"app":"a"}}: `selector` will be auto-generated]',
  ],
  [
    'batch/v1',
    'CronJob',
    `{ metadata: { name: ${'x'.repeat(53)} }, spec: { schedule: "TZ=UTC * * * * *", jobTemplate: { spec: { ${JOB_TEMPLATE} } } } }`,
    `CronJob.batch "${'x'.repeat(53)}" is invalid: [spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ ` +
      `in schedule, use timeZone field instead, metadata.name: Invalid value: "${'x'.repeat(53)}": must be no more than 52 characters]`,
  ],
  [
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    'spec: { minReplicas: 0, maxReplicas: 0, scaleTargetRef: { kind: "a/b" }, metrics: [{ type: Resource, pods: { metric: { name: m }, target: { type: AverageValue, averageValue: 0 } } }] }',
    'HorizontalPodAutoscaler.autoscaling "x" is invalid: [spec.minReplicas: Invalid value: 0: must be greater than or equal to ' +
      '1, spec.maxReplicas: Required value: must be set and greater than 0, spec.scaleTargetRef.kind: Invalid value: "a/b": may ' +
      "not contain '/', spec.scaleTargetRef.name: Required value, spec.metrics[0].pods.target.averageValue: Invalid value: " +
      '"0": must be positive, spec.metrics[0].resource: Required value: must populate information for the given metric source]',
  ],
  [
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    'spec: { minReplicas: 3, maxReplicas: 2, scaleTargetRef: { kind: Deployment, name: d }, behavior: { scaleDown: { stabilizationWindowSeconds: 4000, policies: [{ type: Pods, value: 0, periodSeconds: 2000 }] } } }',
    'HorizontalPodAutoscaler.autoscaling "x" is invalid: [spec.maxReplicas: Invalid value: 2: must be greater than or equal to ' +
      '`minReplicas`, spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 4000: must be less than or equal to ' +
      '3600, spec.behavior.scaleDown.policies[0].value: Invalid value: 0: must be greater than zero, ' +
      'spec.behavior.scaleDown.policies[0].periodSeconds: Invalid value: 2000: must be less than or equal to 1800]',
  ],
  [
    'policy/v1',
    'PodDisruptionBudget',
    'spec: { minAvailable: 1, maxUnavailable: 101% }',
    'PodDisruptionBudget.policy "x" is invalid: [spec: Invalid value: {"minAvailable":1,"maxUnavailable":"101%"}: minAvailable ' +
      'and maxUnavailable cannot be both set, spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%]',
  ],
  [
    'networking.k8s.io/v1',
    'Ingress',
    'spec: {}',
    'Ingress.networking.k8s.io "x" is invalid: spec: Invalid value: []: either `defaultBackend` or `rules` must be specified',
  ],
  [
    'networking.k8s.io/v1',
    'Ingress',
    'spec: { rules: [{ host: 10.0.0.1, http: { paths: [{ path: a//b, pathType: Prefix, backend: { service: { name: s, port: { name: http, number: 80 } } } }, { path: / }] } }] }',
    'Ingress.networking.k8s.io "x" is invalid: [spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP ' +
      'address, spec.rules[0].http.paths[0].path: Invalid value: "a//b": must be an absolute path, ' +
      'spec.rules[0].http.paths[0].path: Invalid value: "a//b": must not contain \'//\', spec.rules[0].http.paths[0].backend: ' +
      'Invalid value: "": cannot set both port name & port number, spec.rules[0].http.paths[1].pathType: Required value: ' +
      'pathType must be specified]',
  ],
  [
    'networking.k8s.io/v1',
    'Ingress',
    '{ metadata: { name: x, annotations: { kubernetes.io/ingress.class: a } }, spec: { ingressClassName: b, defaultBackend: {} } }',
    'Ingress.networking.k8s.io "x" is invalid: [spec.defaultBackend: Invalid value: "": resource or service backend is ' +
      'required, annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are ' +
      'specified]',
  ],
  [
    'networking.k8s.io/v1',
    'IngressClass',
    'spec: { controller: nginx, parameters: { kind: P, name: p, scope: Cluster, namespace: n } }',
    'IngressClass.networking.k8s.io "x" is invalid: [spec.controller: Invalid value: "nginx": must be a domain-prefixed path ' +
      '(such as "acme.io/foo"), spec.parameters.namespace: Forbidden: `parameters.scope` is set to \'Cluster\']',
  ],
  [
    'networking.k8s.io/v1',
    'NetworkPolicy',
    'spec: { podSelector: {}, policyTypes: [Inwards], ingress: [{ from: [{}, { ipBlock: { cidr: 10.0.0.0/8, except: [10.0.0.0/8, 11.0.0.0/9, nowhere] } }], ports: [{ port: 80, endPort: 70 }] }] }',
    'NetworkPolicy.networking.k8s.io "x" is invalid: [spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than ' +
      'or equal to `port`, spec.ingress[0].from[0]: Required value: must specify a peer, spec.ingress[0].from[1].ipBlock.except[0]: ' +
      'Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`, spec.ingress[0].from[1].ipBlock.except[1]: Invalid value: ' +
      '"11.0.0.0/9": must be a strict subset of `cidr`, spec.ingress[0].from[1].ipBlock.except[2]: Invalid value: "nowhere": must ' +
      'be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64), spec.policyTypes[0]: Unsupported value: "Inwards": supported ' +
      'values: "Ingress", "Egress"]',
  ],
  [
    'v1',
    'ConfigMap',
    'data: { ..: a, both: b }\nbinaryData: { both: Yg== }',
    'ConfigMap "x" is invalid: [data[..]: Invalid value: "..": must not be \'..\', data[both]: Invalid value: "both": duplicate of ' +
      'key present in binaryData]',
  ],
  [
    'v1',
    'ConfigMap',
    `data: { big: ${'x'.repeat(1024 * 1024 + 1)} }`,
    'ConfigMap "x" is invalid: : Too long: may not be more than 1048576 bytes',
  ],
  [
    'v1',
    'Secret',
    'type: kubernetes.io/tls\ndata: { tls.crt: "" }',
    'Secret "x" is invalid: data[tls.key]: Required value',
  ],
  [
    'v1',
    'Secret',
    'type: kubernetes.io/dockerconfigjson\nstringData: { .dockerconfigjson: "no" }',
    'Secret "x" is invalid: data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character',
  ],
  [
    'v1',
    'PersistentVolume',
    'spec: { accessModes: [Often], capacity: { storage: 0 } }',
    'PersistentVolume "x" is invalid: [spec.accessModes: Unsupported value: "Often": supported values: "ReadOnlyMany", ' +
      '"ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod", spec.capacity[storage]: Invalid value: "0": must be greater than ' +
      'zero, spec: Required value: must specify a volume type]',
  ],
  [
    'v1',
    'PersistentVolumeClaim',
    'spec: { accessModes: [ReadWriteOncePod, ReadWriteOnce] }',
    'PersistentVolumeClaim "x" is invalid: [spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes, ' +
      'spec.resources[storage]: Required value]',
  ],
  [
    'v1',
    'ResourceQuota',
    'spec: { hard: { pods: 1500m, pears: 1 }, scopes: [BestEffort, NotBestEffort] }',
    'ResourceQuota "x" is invalid: [spec.hard[pods]: Invalid value: "1500m": must be an integer, spec.hard[pears]: Invalid ' +
      'value: "pears": must be a standard resource type or fully qualified, spec.scopes: Invalid value: ' +
      '["BestEffort","NotBestEffort"]: conflicting scopes]',
  ],
  [
    'v1',
    'LimitRange',
    'spec: { limits: [{ type: Pod, default: { cpu: 1 } }, { type: Container, max: { cpu: 1 }, min: { cpu: 2 } }] }',
    'LimitRange "x" is invalid: [spec.limits[0].default: Forbidden: may not be specified when `type` is \'Pod\', ' +
      'spec.limits[1].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1, ' +
      'spec.limits[1].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1, ' +
      'spec.limits[1].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1]',
  ],
  [
    'rbac.authorization.k8s.io/v1',
    'Role',
    '{ metadata: { name: a/b }, rules: [{ nonResourceURLs: [/x] }, { verbs: [get] }] }',
    'Role.rbac.authorization.k8s.io "a/b" is invalid: [metadata.name: Invalid value: "a/b": may not contain \'/\', rules[0].verbs: ' +
      'Required value: verbs must contain at least one value, rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules ' +
      'cannot apply to non-resource URLs, rules[1].apiGroups: Required value: resource rules must supply at least one api group, ' +
      'rules[1].resources: Required value: resource rules must supply at least one resource]',
  ],
  [
    'rbac.authorization.k8s.io/v1',
    'ClusterRole',
    'aggregationRule: {}',
    'ClusterRole.rbac.authorization.k8s.io "x" is invalid: aggregationRule.clusterRoleSelectors: Required value: at least one ' +
      'clusterRoleSelector required if aggregationRule is non-nil',
  ],
  [
    'rbac.authorization.k8s.io/v1',
    'ClusterRoleBinding',
    'roleRef: { kind: Role }\nsubjects: [{ kind: ServiceAccount, name: s }, { kind: Robot, name: r }]',
    'ClusterRoleBinding.rbac.authorization.k8s.io "x" is invalid: [roleRef.kind: Unsupported value: "Role": supported values: ' +
      '"ClusterRole", roleRef.name: Required value, subjects[0].namespace: Required value, subjects[1].kind: Unsupported value: ' +
      '"Robot": supported values: "ServiceAccount", "User", "Group"]',
  ],
  [
    'scheduling.k8s.io/v1',
    'PriorityClass',
    'value: 1000000001',
    'PriorityClass.scheduling.k8s.io "x" is invalid: value: Forbidden: maximum allowed value of a user defined priority is ' +
      '1000000000',
  ],
  [
    'storage.k8s.io/v1',
    'StorageClass',
    'reclaimPolicy: Recycle',
    'StorageClass.storage.k8s.io "x" is invalid: [provisioner: Required value, reclaimPolicy: Unsupported value: "Recycle": ' +
      'supported values: "Delete", "Retain"]',
  ],
]

function manifest(apiVersion: string, kind: string, body: string): KubeObject {
  return { apiVersion, kind, metadata: { name: 'x' }, ...(parse(body) as object) }
}

void t.test('objects are refused with all their faults, and nothing is stored', async t => {
  const { request, store } = await start(t)
  for (const [apiVersion, kind, body, message] of REFUSED) {
    const object = manifest(apiVersion, kind, body)
    const before = store.resourceVersion
    const answer = await request('POST', urlOf(object), object)
    const label = `${kind} ${body.slice(0, 60)}`
    t.equal(answer.json.message, message, label)
    t.equal(answer.code, 422, label)
    t.equal(answer.json.reason, 'Invalid')
    t.equal(store.resourceVersion, before)
  }
})

void t.test('what is no base64 cannot be decoded', async t => {
  const { request } = await start(t)
  const cases: [data: string, at: number][] = [
    ['a b', 1],
    ['abc', 0],
    ['abcdab', 4],
    ['a=', 1],
    ['ab=', 3],
    ['ab=c', 3],
    ['abc=d', 4],
  ]
  for (const [data, at] of cases) {
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, data: { k: data } }
    const { code, json } = await request('POST', urlOf(object), object)
    t.equal(code, 400)
    const sentence = `Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte ${at}`
    t.equal(json.message, sentence, data)
  }
})

const UPDATES: [apiVersion: string, kind: string, body: string, next: string, message: string | undefined][] = [
  [
    'apps/v1',
    'StatefulSet',
    `spec: { serviceName: a, ${SELECTOR}, ${TEMPLATE} }`,
    'spec: { serviceName: b }',
    'StatefulSet.apps "x" is invalid: spec: Forbidden: updates to statefulset spec for fields other than \'replicas\', ' +
      "'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and " +
      "'minReadySeconds' are forbidden",
  ],
  [
    'apps/v1',
    'StatefulSet',
    `spec: { ${SELECTOR}, ${TEMPLATE} }`,
    'spec: { replicas: 5, minReadySeconds: 3, updateStrategy: { rollingUpdate: { partition: 2 } }, ordinals: { start: 1 } }',
    undefined,
  ],
  [
    'apps/v1',
    'DaemonSet',
    `spec: { ${SELECTOR}, ${TEMPLATE} }`,
    'spec: { selector: { matchLabels: { app: a, b: c } }, template: { metadata: { labels: { b: c } } } }',
    `DaemonSet.apps "x" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"a","b":"c"}}: ${IMMUTABLE}`,
  ],
  [
    'apps/v1',
    'ControllerRevision',
    'revision: 1\ndata: { a: 1 }',
    'data: { a: 2 }',
    `ControllerRevision.apps "x" is invalid: data: Invalid value: {"a":2}: ${IMMUTABLE}`,
  ],
  [
    'batch/v1',
    'Job',
    `spec: { completions: 2, ${JOB_TEMPLATE} }`,
    'spec: { completions: 3, parallelism: 2 }',
    `Job.batch "x" is invalid: spec.completions: Invalid value: 3: ${IMMUTABLE}`,
  ],
  [
    'batch/v1',
    'Job',
    `spec: { completions: 2, completionMode: Indexed, ${JOB_TEMPLATE} }`,
    'spec: { completions: 3 }',
    'Job.batch "x" is invalid: spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism',
  ],
  [
    'batch/v1',
    'Job',
    `spec: { completions: 2, completionMode: Indexed, ${JOB_TEMPLATE} }`,
    'spec: { completions: 3, parallelism: 3 }',
    undefined,
  ],
  [
    'batch/v1',
    'Job',
    `spec: { suspend: true, ${JOB_TEMPLATE} }`,
    'spec: { suspend: false, template: { spec: { nodeSelector: { disk: ssd } } } }',
    undefined,
  ],
  ['v1', 'ConfigMap', 'data: { a: b }', 'immutable: true', undefined],
  [
    'v1',
    'ConfigMap',
    'immutable: true\ndata: { a: b }',
    'immutable: null\ndata: { a: c }',
    'ConfigMap "x" is invalid: [immutable: Forbidden: field is immutable when `immutable` is set, data: Forbidden: field is ' +
      'immutable when `immutable` is set]',
  ],
  [
    'v1',
    'Secret',
    'data: { a: Yg== }',
    'type: mine',
    `Secret "x" is invalid: type: Invalid value: "mine": ${IMMUTABLE}`,
  ],
  [
    'v1',
    'PersistentVolumeClaim',
    'spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }',
    'spec: { resources: { requests: { storage: 2Gi } } }',
    'PersistentVolumeClaim "x" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and ' +
      'volumeAttributesClassName for bound claims',
  ],
  [
    'v1',
    'PersistentVolumeClaim',
    'spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }',
    'spec: { volumeName: disk }',
    undefined,
  ],
  [
    'v1',
    'PersistentVolume',
    'spec: { capacity: { storage: 1Gi }, accessModes: [ReadWriteOnce], hostPath: { path: /a } }',
    'spec: { hostPath: { path: /b } }',
    'PersistentVolume "x" is invalid: spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after ' +
      'creation',
  ],
  [
    'v1',
    'ResourceQuota',
    'spec: { hard: { pods: 1 }, scopes: [BestEffort] }',
    'spec: { scopes: [NotBestEffort] }',
    `ResourceQuota "x" is invalid: spec.scopes: Invalid value: ["NotBestEffort"]: ${IMMUTABLE}`,
  ],
  [
    'rbac.authorization.k8s.io/v1',
    'RoleBinding',
    'roleRef: { kind: Role, name: a }',
    'roleRef: { name: b }',
    'RoleBinding.rbac.authorization.k8s.io "x" is invalid: roleRef: Invalid value: ' +
      '{"kind":"Role","name":"b","apiGroup":"rbac.authorization.k8s.io"}: cannot change roleRef',
  ],
  [
    'networking.k8s.io/v1',
    'IngressClass',
    'spec: { controller: a.io/b }',
    'spec: { controller: a.io/c }',
    `IngressClass.networking.k8s.io "x" is invalid: spec.controller: Invalid value: "a.io/c": ${IMMUTABLE}`,
  ],
  [
    'scheduling.k8s.io/v1',
    'PriorityClass',
    'value: 1',
    'value: 2\npreemptionPolicy: Never',
    'PriorityClass.scheduling.k8s.io "x" is invalid: [value: Forbidden: may not be changed in an update., preemptionPolicy: ' +
      `Invalid value: "Never": ${IMMUTABLE}]`,
  ],
  [
    'storage.k8s.io/v1',
    'StorageClass',
    'provisioner: a.io/b',
    'provisioner: a.io/c',
    `StorageClass.storage.k8s.io "x" is invalid: provisioner: Invalid value: "a.io/c": ${IMMUTABLE}`,
  ],
]

void t.test('what nobody may change stays', async t => {
  for (const [apiVersion, kind, body, next, message] of UPDATES) {
    const { request, store } = await start(t)
    const object = manifest(apiVersion, kind, body)
    const url = `${urlOf(object)}/x`
    const created = await request('POST', urlOf(object), object)
    t.equal(created.code, 201, created.text)
    const before = store.resourceVersion
    const answer = await patch(request, url, parse(next))
    const label = `${kind} ${next.slice(0, 60)}`
    t.equal(answer.code, message === undefined ? 200 : 422, label)
    if (message === undefined) t.not(store.resourceVersion, before, label)
    else {
      t.equal(answer.json.message, message, label)
      t.equal(store.resourceVersion, before)
    }
  }
})

void t.test('a suspended job moves until it has begun, and its template is fixed otherwise', async t => {
  const { request } = await start(t)
  const object = manifest('batch/v1', 'Job', `spec: { suspend: true, ${JOB_TEMPLATE} }`)
  const url = `${urlOf(object)}/x`
  await request('POST', urlOf(object), object)
  const image = { spec: { template: { spec: { containers: [{ name: 'a', image: 'b:2' }] } } } }
  t.match(
    (await patch(request, url, image)).json.message,
    /^Job.batch "x" is invalid: spec.template: Invalid value: .*immutable$/,
  )
  await patch(request, `${url}/status`, { status: { startTime: '2026-01-01T00:00:00Z' } })
  const move = { spec: { template: { spec: { nodeSelector: { disk: 'ssd' } } } } }
  t.match((await patch(request, url, move)).json.message, /spec.template: Invalid value: .*immutable$/)
})

void t.test('the template of a daemon set is numbered', async t => {
  const { request } = await start(t)
  const object = manifest('apps/v1', 'DaemonSet', `spec: { ${SELECTOR}, ${TEMPLATE} }`)
  const url = `${urlOf(object)}/x`
  const number = (answer: { json: KubeObject }): unknown =>
    answer.json.metadata!.annotations!['deprecated.daemonset.template.generation']
  t.equal(number(await request('POST', urlOf(object), object)), '1')
  t.equal(number(await patch(request, url, { spec: { minReadySeconds: 1 } })), '1')
  t.equal(number(await patch(request, url, { spec: { template: { metadata: { labels: { b: 'c' } } } } })), '2')
  const again = { ...object, spec: { ...(object as { spec?: object }).spec, minReadySeconds: 2 } }
  t.equal(number(await request('PUT', url, again)), '3', 'also when the writer knows nothing of it')
})

function patch(request: Fixture['request'], url: string, body: unknown): ReturnType<Fixture['request']> {
  return request('PATCH', url, body, { 'content-type': 'application/merge-patch+json' })
}
