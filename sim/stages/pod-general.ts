import type { Stage } from './stage.ts'

const NO_DELAY = { base: 0, jitter: 0 }

/**
 * The life of a pod that runs until it is deleted, as a watcher sees it from the moment it is bound:
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
 */
export const podGeneral: readonly Stage[] = [
  {
    name: 'pod-accept',
    selector: { deleting: false, phase: ['Pending'], accepted: false },
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
    name: 'pod-start',
    selector: { deleting: false, phase: ['Pending'], accepted: true },
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
    selector: { deleting: false, phase: ['Running'], conditions: { ContainersReady: 'False' } },
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
    selector: { deleting: false, phase: ['Running'], conditions: { ContainersReady: 'True', Ready: 'False' } },
    delay: { ms: NO_DELAY },
    next: { conditions: [{ type: 'Ready', status: 'True' }] },
  },
  {
    // No container runs yet: there is nothing to wait for but the kubelet itself.
    name: 'pod-abort',
    selector: { deleting: true, phase: ['Pending'] },
    delay: { ms: { base: 20, jitter: 20 } },
    onLeave: 'close-listener',
    next: 'remove',
  },
  {
    name: 'pod-terminate',
    selector: { deleting: true, phase: ['Running'] },
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
    // Between the end of the containers and the last delete call a kubelet tears down the sandbox and reports the status;
    // here that time lets the listener be closed, so that a pod that is gone refuses connections.
    name: 'pod-remove',
    selector: { deleting: true, phase: ['Succeeded', 'Failed'] },
    delay: { ms: { base: 20, jitter: 20 } },
    requires: 'listener-closed',
    next: 'remove',
  },
]
