import type { Stage } from './stage.ts'

const NO_DELAY = { base: 0, jitter: 0 }

/**
 * The life of a pod, as a watcher sees it from the moment it is bound. A pod that asks for nothing in particular runs until it
 * is deleted, and its containers are as one:
 *
 * ```
 *   bound ─pod-accept─▶ ContainerCreating ─pod-start─▶ Running, has its address ─pod-ready─▶ Ready
 *                              │                                │                              ▲ │
 *                              │ deletion mark                  │ deletion mark     pod-ready-again │ node was silent
 *                              ▼                                ▼                              │ ▼
 *                       pod-abort: removed         pod-terminate: containers ended      Ready=False (NodeNotReady)
 *                                                               │
 *                                                          pod-remove: gone
 * ```
 *
 * One with init containers, probes, an end of its own or the like is *detailed*: between `pod-sandbox` and its end, its
 * containers play the stages of `container-life.ts`, and its phase and conditions follow from theirs:
 *
 * ```
 *   bound ─pod-accept-detailed─▶ ContainerCreating, Init:0/2 ─pod-sandbox─▶ has its address ─container-life─▶ Succeeded, Failed
 *                                                                              │ deletion mark, deadline, eviction
 *                                                                              ▼
 *                                                     pod-terminate-detailed, pod-end: each container ended
 * ```
 */
export const podGeneral: readonly Stage[] = [
  {
    // The deadline has passed, or the node is short of something: the kubelet ends the pod, and its object stays.
    name: 'pod-end',
    selector: { deleting: false, ending: true, phase: ['Pending', 'Running'] },
    delay: { rule: 'termination' },
    onLeave: 'close-listener',
    next: { containers: 'ended' },
    events: [{ at: 'enter', reason: 'Killing', message: 'Stopping container {container}' }],
  },
  {
    name: 'pod-accept',
    selector: { deleting: false, phase: ['Pending'], accepted: false, detailed: false },
    delay: { ms: NO_DELAY },
    next: {
      accepted: true,
      address: 'host',
      containers: 'creating',
      conditions: [
        { type: 'PodReadyToStartContainers', status: 'False' },
        { type: 'Initialized', status: 'True' },
        {
          type: 'Ready',
          status: 'False',
          reason: 'ContainersNotReady',
          message: 'containers with unready status: [{containers}]',
        },
        {
          type: 'ContainersReady',
          status: 'False',
          reason: 'ContainersNotReady',
          message: 'containers with unready status: [{containers}]',
        },
        { type: 'PodScheduled', status: 'True' },
      ],
    },
  },
  {
    name: 'pod-accept-detailed',
    selector: { deleting: false, phase: ['Pending'], accepted: false, detailed: true },
    delay: { ms: NO_DELAY },
    next: {
      accepted: true,
      address: 'host',
      containers: 'creating',
      conditions: [
        { type: 'PodReadyToStartContainers', status: 'False' },
        { type: 'PodScheduled', status: 'True' },
      ],
      derive: true,
    },
  },
  {
    name: 'pod-sandbox',
    selector: {
      deleting: false,
      phase: ['Pending'],
      accepted: true,
      detailed: true,
      conditions: { PodReadyToStartContainers: 'False' },
    },
    delay: { timing: 'startMs', drawnAs: 'pod-start' },
    onEnter: 'take-address',
    next: { address: 'pod', conditions: [{ type: 'PodReadyToStartContainers', status: 'True' }] },
  },
  {
    name: 'pod-start',
    selector: { deleting: false, phase: ['Pending'], accepted: true, detailed: false },
    delay: { timing: 'startMs' },
    // Before the address is published there must be somebody who answers there.
    onEnter: 'open-listener',
    requires: 'listener-open',
    next: {
      phase: 'Running',
      address: 'pod',
      containers: 'running',
      conditions: [{ type: 'PodReadyToStartContainers', status: 'True' }],
    },
    events: [
      { at: 'leave', reason: 'Pulled', message: 'Container image "{image}" already present on machine' },
      { at: 'leave', reason: 'Created', message: 'Created container: {container}' },
      { at: 'leave', reason: 'Started', message: 'Started container {container}' },
    ],
  },
  {
    name: 'pod-ready',
    selector: { deleting: false, phase: ['Running'], conditions: { ContainersReady: 'False' }, detailed: false },
    delay: { timing: 'readyMs' },
    next: {
      containers: 'ready',
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'ContainersReady', status: 'True' },
      ],
    },
  },
  {
    // The node lifecycle controller took Ready away while the node was silent; the kubelet says what is really so.
    name: 'pod-ready-again',
    selector: {
      deleting: false,
      phase: ['Running'],
      conditions: { ContainersReady: 'True', Ready: 'False' },
      detailed: false,
    },
    delay: { ms: NO_DELAY },
    next: { conditions: [{ type: 'Ready', status: 'True' }] },
  },
  {
    // The same; or a readiness gate was opened or closed.
    name: 'pod-conditions-again',
    selector: { deleting: false, phase: ['Running'], detailed: true, readyIsStale: true },
    delay: { ms: NO_DELAY },
    next: { derive: true },
  },
  {
    // No container runs yet: there is nothing to wait for but the kubelet itself.
    name: 'pod-abort',
    selector: { deleting: true, phase: ['Pending'], runs: false },
    delay: { ms: { base: 20, jitter: 20 } },
    onLeave: 'close-listener',
    next: 'remove',
  },
  {
    name: 'pod-terminate',
    selector: { deleting: true, phase: ['Running'], detailed: false },
    delay: { timing: 'terminateMs' },
    withinGrace: true,
    onLeave: 'close-listener',
    next: {
      phase: 'terminal',
      containers: 'terminated',
      conditions: [
        { type: 'PodReadyToStartContainers', status: 'False' },
        { type: 'Ready', status: 'False', reason: 'PodCompleted' },
        { type: 'ContainersReady', status: 'False', reason: 'PodCompleted' },
      ],
    },
    events: [{ at: 'enter', reason: 'Killing', message: 'Stopping container {container}' }],
  },
  {
    name: 'pod-terminate-detailed',
    selector: { deleting: true, phase: ['Pending', 'Running'], detailed: true },
    delay: { rule: 'termination' },
    onLeave: 'close-listener',
    next: { containers: 'ended' },
    events: [{ at: 'enter', reason: 'Killing', message: 'Stopping container {container}' }],
  },
  {
    // Between the end of the containers and the last delete call a kubelet tears down the sandbox and reports the status;
    // here that time lets the listener be closed, so that a pod that is gone refuses connections.
    name: 'pod-remove',
    selector: { deleting: true, phase: ['Succeeded', 'Failed'] },
    delay: { ms: { base: 20, jitter: 20 } },
    requires: 'listener-closed',
    next: 'remove',
  },
]
