import type { ContainerStage } from './container-stage.ts'

const PULLING = { at: 'enter', reason: 'Pulling', message: 'Pulling image "{image}"' } as const
const CREATED = { at: 'leave', reason: 'Created', message: 'Created container: {container}' } as const
const STARTED = { at: 'leave', reason: 'Started', message: 'Started container {container}' } as const
const PRESENT = {
  at: 'leave',
  reason: 'Pulled',
  message: 'Container image "{image}" already present on machine',
} as const
/** The kubelet learns of a container's end within a second, and then does what is next. */
const NOTICED = { ms: { base: 200, jitter: 800 } }
/** From one look at the pod to the next, after something went wrong. */
const LOOKS_AGAIN = { ms: { base: 1000, jitter: 1000 } }
const AT_ONCE = { ms: { base: 0, jitter: 0 } }

/**
 * The life of a container, from when its pod has a sandbox. Init containers come one after the other, each when the one
 * before has ended well (a sidecar: has started), then the pod's own together.
 *
 * ```
 *  waiting ──turn, image there──▶ running ──startup probe passes──▶ started ──readiness──▶ ready ⇄ not ready
 *   │   ▲                          │  │ liveness or startup probe fails, or a sidecar is not needed any more
 *   │   │ pull again               │  └──▶ stopping ──grace──┐
 *   ▼   │ 10 s … 5 min             │ ends by itself          ▼
 *  ErrImagePull ⇄ ImagePullBackOff └────────────────────▶ ended ──to run again──▶ running, restartCount + 1
 *                                                            │                      ▲ 10 s, 20 s, … 5 min
 *                                                            └─ ran before: CrashLoopBackOff ─┘
 * ```
 */
export const containerLife: readonly ContainerStage[] = [
  {
    name: 'container-start',
    selector: { state: 'waiting', turn: true, image: 'present' },
    delay: AT_ONCE,
    next: { to: 'running' },
    events: [PRESENT, CREATED, STARTED],
  },
  {
    name: 'container-pull',
    selector: { state: 'waiting', turn: true, image: 'absent' },
    delay: { rule: 'pull' },
    next: { to: 'running' },
    events: [
      PULLING,
      { at: 'leave', reason: 'Pulled', message: 'Successfully pulled image "{image}" in {pulled}' },
      CREATED,
      STARTED,
    ],
  },
  {
    name: 'container-pull-fails',
    selector: { state: 'waiting', turn: true, image: 'unavailable' },
    delay: { rule: 'pull' },
    next: { to: 'waiting', reason: 'ErrImagePull', message: '{pull-error}' },
    events: [
      PULLING,
      { at: 'leave', level: 'warning', reason: 'Failed', message: 'Failed to pull image "{image}": {pull-error}' },
      { at: 'leave', level: 'warning', reason: 'Failed', message: 'Error: ErrImagePull' },
    ],
  },
  {
    name: 'container-pull-refused',
    selector: { state: 'waiting', turn: true, image: 'refused' },
    delay: AT_ONCE,
    next: {
      to: 'waiting',
      reason: 'ErrImageNeverPull',
      message: 'Container image "{image}" is not present with pull policy of Never',
    },
    events: [
      {
        at: 'leave',
        level: 'warning',
        reason: 'ErrImageNeverPull',
        message: 'Container image "{image}" is not present with pull policy of Never',
      },
      { at: 'leave', level: 'warning', reason: 'Failed', message: 'Error: ErrImageNeverPull' },
    ],
  },
  {
    name: 'container-image-brought',
    selector: { state: 'waiting', reason: 'ErrImageNeverPull', image: 'present' },
    delay: LOOKS_AGAIN,
    next: { to: 'running' },
    events: [PRESENT, CREATED, STARTED],
  },
  {
    name: 'container-pull-back-off',
    selector: { state: 'waiting', reason: 'ErrImagePull' },
    delay: LOOKS_AGAIN,
    next: {
      to: 'waiting',
      reason: 'ImagePullBackOff',
      message: 'Back-off pulling image "{image}": ErrImagePull: {pull-error}',
    },
    events: [
      { at: 'leave', reason: 'BackOff', message: 'Back-off pulling image "{image}"' },
      { at: 'leave', level: 'warning', reason: 'Failed', message: 'Error: ImagePullBackOff' },
    ],
  },
  {
    name: 'container-pull-back-off-over',
    selector: { state: 'waiting', reason: 'ImagePullBackOff', backsOff: true },
    delay: { rule: 'pull-back-off' },
    next: { to: 'retry' },
  },
  {
    name: 'container-pull-again',
    selector: { state: 'waiting', reason: 'ImagePullBackOff', backsOff: false, image: 'absent' },
    delay: { rule: 'pull' },
    next: { to: 'running' },
    events: [
      PULLING,
      { at: 'leave', reason: 'Pulled', message: 'Successfully pulled image "{image}" in {pulled}' },
      CREATED,
      STARTED,
    ],
  },
  {
    name: 'container-pulled-by-another',
    selector: { state: 'waiting', reason: 'ImagePullBackOff', backsOff: false, image: 'present' },
    delay: AT_ONCE,
    next: { to: 'running' },
    events: [PRESENT, CREATED, STARTED],
  },
  {
    name: 'container-pull-fails-again',
    selector: { state: 'waiting', reason: 'ImagePullBackOff', backsOff: false, image: 'unavailable' },
    delay: { rule: 'pull' },
    next: { to: 'waiting', reason: 'ErrImagePull', message: '{pull-error}' },
    events: [
      PULLING,
      { at: 'leave', level: 'warning', reason: 'Failed', message: 'Failed to pull image "{image}": {pull-error}' },
      { at: 'leave', level: 'warning', reason: 'Failed', message: 'Error: ErrImagePull' },
    ],
  },
  {
    name: 'container-startup-passes',
    selector: { state: 'running', stopping: false, started: false },
    delay: { rule: 'startup-passes' },
    next: { to: 'started' },
  },
  {
    name: 'container-startup-fails',
    selector: { state: 'running', stopping: false, started: false },
    delay: { rule: 'startup-fails' },
    next: { to: 'stopping' },
    events: [
      { at: 'leave', level: 'warning', reason: 'Unhealthy', message: 'Startup probe failed: {output}' },
      { at: 'leave', reason: 'Killing', message: 'Container {container} failed startup probe{restarted}' },
    ],
  },
  {
    name: 'container-ready',
    selector: { state: 'running', kind: ['main', 'sidecar'], started: true, ready: false },
    delay: { rule: 'becomes-ready' },
    next: { to: 'ready' },
  },
  {
    name: 'container-unready',
    selector: { state: 'running', kind: ['main', 'sidecar'], started: true, ready: true },
    delay: { rule: 'becomes-unready' },
    next: { to: 'unready' },
    events: [{ at: 'leave', level: 'warning', reason: 'Unhealthy', message: 'Readiness probe failed: {output}' }],
  },
  {
    name: 'container-liveness-fails',
    selector: { state: 'running', kind: ['main', 'sidecar'], stopping: false, started: true },
    delay: { rule: 'liveness-fails' },
    next: { to: 'stopping' },
    events: [
      { at: 'leave', level: 'warning', reason: 'Unhealthy', message: 'Liveness probe failed: {output}' },
      { at: 'leave', reason: 'Killing', message: 'Container {container} failed liveness probe{restarted}' },
    ],
  },
  {
    // The sidecars of a pod whose own containers are done are not needed any more.
    name: 'container-sidecar-over',
    selector: { state: 'running', kind: ['sidecar'], stopping: false, podDone: true },
    delay: AT_ONCE,
    next: { to: 'stopping' },
    events: [{ at: 'leave', reason: 'Killing', message: 'Stopping container {container}' }],
  },
  {
    name: 'container-stopped',
    selector: { state: 'running', stopping: true },
    delay: { rule: 'stop' },
    next: { to: 'ended' },
  },
  {
    name: 'container-end',
    selector: { state: 'running', stopping: false },
    delay: { rule: 'run' },
    next: { to: 'ended' },
  },
  {
    name: 'container-restart',
    selector: { state: 'ended', again: true, backsOff: false },
    delay: NOTICED,
    next: { to: 'running' },
    events: [PRESENT, CREATED, STARTED],
  },
  {
    name: 'container-crash-loop',
    selector: { state: 'ended', again: true, backsOff: true },
    delay: NOTICED,
    next: {
      to: 'waiting',
      reason: 'CrashLoopBackOff',
      message: 'back-off {back-off} restarting failed container={container} pod={pod}',
    },
    events: [
      {
        at: 'leave',
        level: 'warning',
        reason: 'BackOff',
        message: 'Back-off restarting failed container {container} in pod {pod}',
      },
    ],
  },
  {
    name: 'container-back-off-over',
    selector: { state: 'waiting', reason: 'CrashLoopBackOff' },
    delay: { rule: 'crash-back-off' },
    next: { to: 'running' },
    events: [PRESENT, CREATED, STARTED],
  },
]
