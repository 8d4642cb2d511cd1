import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import { assert, type Prng, type Timer } from '../../base/index.ts'
import { Pods, type Stored } from '../cluster/index.ts'
import { stampOf } from '../informers/index.ts'
import type { Jittered } from '../messages.ts'
import {
  applyContainerStage,
  type Behaviour,
  behaviourOf,
  type ContainerEvent,
  type ContainerFacts,
  containerLife,
  containersOf,
  type ContainerStage,
  containerStatus,
  derivedStatus,
  isItsTurn,
  mainsAreDone,
  planTermination,
  type PodContainer,
  podInMessages,
  probeOutput,
  ruleDelayMs,
  runsAgain,
  selectContainerStage,
  withContainerStatuses,
} from '../stages/index.ts'
import { ContainerMemory } from './container-memory.ts'
import type { KubeletEnvironment } from './environment.ts'
import { goDuration } from './go-duration.ts'
import { type NodeImages, pullError } from './node-images.ts'
import type { PodListener } from './pod-listener.ts'
import { preStopMsOf, stopMsOf } from './pod-stop.ts'

/** Of the node that the containers run on. */
export interface ContainerPlace {
  readonly name: string
  readonly images: NodeImages
}

interface Life {
  readonly part: PodContainer
  readonly memory: ContainerMemory
  readonly status: ContainerStatus
  readonly behaviour: Behaviour
  readonly stage: ContainerStage
  readonly dueMs: number
}

/**
 * Plays the stages of the containers of one detailed pod, each in its own time. What is due at the same instant is written
 * at once, as a kubelet's look at a pod is.
 *
 * ```
 *   planned ──first is due──▶ [held until its listener is there] ──▶ written ──▶ planned anew
 *      ▲                         │ the pod has changed
 *      └─────────────────────────┘
 * ```
 */
export class ContainerLives {
  readonly #env: KubeletEnvironment
  readonly #prng: Prng
  readonly #node: ContainerPlace
  readonly #listener: PodListener
  readonly #memories = new Map<string, ContainerMemory>()
  #lives: readonly Life[] = []
  #timer: Timer | undefined
  /** Annotations of the version that was looked at last: another one may make the containers behave otherwise. */
  #seen: { readonly annotations: unknown } | undefined

  constructor(env: KubeletEnvironment, prng: Prng, node: ContainerPlace, listener: PodListener) {
    this.#env = env
    this.#prng = prng
    this.#node = node
    this.#listener = listener
  }

  /** Looks at the pod as it is now and plans what comes next. */
  sync(pod: Stored<Pod>): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#lives = containersOf(pod).flatMap(part => this.#plan(part, pod) ?? [])
    this.#seen = { annotations: pod.metadata.annotations }
    const dueMs = Math.min(...this.#lives.map(life => life.dueMs))
    if (dueMs === Infinity) return
    const delayMs = Math.max(0, dueMs - this.#env.clock.elapsedMs)
    this.#timer = this.#env.clock.schedule(delayMs, () => this.#due(pod))
  }

  /** Drops what is planned; what has been going on goes on from where it is when the pod is looked at again. */
  suspend(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #plan(part: PodContainer, pod: Stored<Pod>): Life | undefined {
    const status = containerStatus(pod.status, part)
    if (status === undefined) return undefined
    const { name } = part.container
    const nowMs = this.#env.clock.elapsedMs
    const memory = this.#memories.get(name) ?? new ContainerMemory()
    this.#memories.set(name, memory)
    const startedAt = status.state?.running?.startedAt
    memory.see(
      status,
      nowMs,
      startedAt === undefined ? 0 : Math.max(0, this.#env.clock.unixMs() - Date.parse(startedAt)),
    )
    // Probes will notice at their next tick.
    if (this.#seen !== undefined && this.#seen.annotations !== pod.metadata.annotations) memory.probedMs = nowMs
    const behaviour = behaviourOf(pod, part.kind, name)
    const planned = selectContainerStage(containerLife, this.#factsOf(part, status, memory, behaviour, pod), stage =>
      this.#delayMs(stage, part, status, memory, behaviour),
    )
    if (planned === undefined) return undefined
    const { stage } = planned
    const life = { part, memory, status, behaviour, stage, dueMs: memory.sinceMs + planned.afterMs }
    if (memory.entered !== stage.name) {
      memory.entered = stage.name
      this.#report(life, 'enter', pod)
    }
    return life
  }

  #factsOf(
    { kind, container }: PodContainer,
    status: ContainerStatus,
    memory: ContainerMemory,
    behaviour: Behaviour,
    pod: Stored<Pod>,
  ): ContainerFacts {
    const { state, ready, started } = status
    const terminated = state?.terminated
    const reason = state?.waiting?.reason ?? ''
    const podDone = kind === 'sidecar' && mainsAreDone(pod, pod.status)
    const isFresh = reason === 'ContainerCreating' || reason === 'PodInitializing'
    const isWaiting = state?.running === undefined && terminated === undefined
    return {
      state: isWaiting ? 'waiting' : terminated === undefined ? 'running' : 'ended',
      kind,
      reason: isFresh ? '' : reason,
      started: started === true,
      ready,
      stopping: memory.stop !== undefined,
      turn: !isWaiting || isItsTurn(pod, pod.status, { kind, container }),
      podDone,
      again: terminated !== undefined && !podDone && runsAgain(pod, kind, terminated.exitCode),
      backsOff: isWaiting ? memory.pullWaits : memory.crashWaits,
      image: isWaiting
        ? this.#node.images.stateOf(container.image ?? '', container.imagePullPolicy, behaviour.imagePull)
        : 'present',
    }
  }

  /** From when the container entered its state. */
  #delayMs(
    { name, delay }: ContainerStage,
    part: PodContainer,
    status: ContainerStatus,
    memory: ContainerMemory,
    behaviour: Behaviour,
  ): number | undefined {
    const draw = (what: string, jittered: Jittered): number =>
      this.#draw(`${part.container.name}/${status.restartCount}/${what}`, jittered)
    if ('ms' in delay) return draw(name, delay.ms)
    if (delay.rule === 'pull') this.#beginPull(part, memory, behaviour)
    const since = (ms: number): number => ms - memory.sinceMs
    const process = this.#listener.processOf(part.container.name)
    if (process !== undefined && status.state?.running !== undefined) {
      // A program ends when it ends, and cannot be ready before it accepts connections.
      if (delay.rule === 'run' || (delay.rule === 'stop' && process.exit !== undefined)) {
        return process.exit === undefined ? undefined : Math.max(0, since(process.exit.atMs))
      }
      if (delay.rule === 'becomes-ready' && process.acceptsMs === undefined) return undefined
    }
    return ruleDelayMs(delay.rule, {
      container: part.container,
      behaviour,
      startedMs: since(memory.startedMs),
      probedMs: since(memory.probedMs),
      pullMs: since(memory.pullEndsMs),
      pullBackOffMs: since(memory.pulls.untilMs),
      crashBackOffMs: since(memory.crashes.untilMs),
      stopMs: since(memory.stop?.atMs ?? 0),
      // The same draw as for pods whose containers are as one.
      readyMs: this.#draw('pod-ready', this.#env.timings.readyMs),
      draw,
    })
  }

  #beginPull({ container }: PodContainer, memory: ContainerMemory, behaviour: Behaviour): void {
    if (memory.pullBeganMs !== undefined) return
    const wish = behaviour.imagePull === 'fail' ? undefined : behaviour.imagePull
    memory.pullBeganMs = this.#env.clock.elapsedMs
    memory.pullEndsMs = memory.pullBeganMs + this.#node.images.pull(container.image ?? '', wish).durationMs
  }

  #due(planned: Stored<Pod>): void {
    const nowMs = this.#env.clock.elapsedMs
    const due = this.#lives.filter(life => life.dueMs <= nowMs)
    const opening = due.filter(
      ({ part, stage }) => stage.next.to === 'running' && this.#listener.isOf(part.container.name, planned),
    )
    if (opening.length === 0) {
      this.#write(due, planned)
      return
    }
    // Always a call of its own at the same instant, whether the wait was needed or not.
    for (const { part } of opening) {
      this.#listener.open(planned, Math.round(this.#env.clock.unixMs()), part.container.name)
    }
    this.#listener.awaitRuntime()
    this.#timer = this.#env.clock.schedule(0, () => this.#write(due, planned))
  }

  #write(due: readonly Life[], { metadata: { namespace, name, uid } }: Stored<Pod>): void {
    const { store, clock } = this.#env
    this.#timer = undefined
    const pod = store.get<Pod>(Pods, namespace, name)
    // Whoever changed it has had this planned anew.
    if (pod?.metadata.uid !== uid) return
    const now = stampOf(clock)
    const next = new Map<string, ContainerStatus>()
    for (const life of due) {
      const written = this.#play(life, pod, now)
      if (written !== life.status) next.set(life.part.container.name, written)
    }
    if (next.size > 0) {
      const status = derivedStatus(pod, withContainerStatuses(pod.status!, next), { now })
      const written = store.update<Pod>(Pods, { ...pod, status })
      assert(written !== pod, 'a container that goes on changes its pod')
    } else {
      this.sync(pod)
    }
  }

  /** One stage of one container, written by the caller. */
  #play(life: Life, pod: Stored<Pod>, now: string): ContainerStatus {
    const { part, memory, status, behaviour, stage } = life
    const { container, kind } = part
    const nowMs = this.#env.clock.elapsedMs
    const { next } = stage
    const exit = this.#listener.processOf(container.name)?.exit
    let exitCode = 0
    let outOfMemory = false
    switch (next.to) {
      case 'running':
        this.#node.images.add(container.image ?? '')
        memory.pullWaits = false
        if (status.state?.terminated !== undefined || memory.crashWaits) memory.crashes.starts(nowMs)
        memory.crashWaits = false
        break
      case 'ended':
        if (exit !== undefined) {
          exitCode = exit.code
        } else if (memory.stop !== undefined) {
          exitCode = memory.stop.killed ? 137 : 0
        } else {
          const { exitCodes } = behaviour
          exitCode = exitCodes[Math.min(status.restartCount, exitCodes.length - 1)]!
          outOfMemory = exitCode === 137
        }
        memory.crashWaits = memory.crashes.failed(nowMs)
        this.#listener.close(container.name)
        break
      case 'stopping':
        memory.stop = this.#planStop(part, pod)
        this.#listener.terminate(container.name)
        memory.entered = undefined
        break
      case 'waiting':
        if (next.reason === 'ErrImagePull') {
          memory.pulls.starts(nowMs)
          memory.pulls.failed(nowMs)
          memory.pullWaits = true
        }
        break
      case 'retry':
        memory.pullWaits = false
        memory.pullBeganMs = undefined
        memory.entered = undefined
        break
      case 'started':
      case 'ready':
      case 'unready':
        break
    }
    this.#report(life, 'leave', pod)
    const run = status.restartCount + ((status.state?.terminated ?? status.lastState?.terminated) ? 1 : 0)
    return applyContainerStage(next, { kind, container }, status, {
      now,
      containerId:
        next.to === 'running'
          ? this.#prng.fork(`container-id/${container.name}/${run}`).word(64, '0123456789abcdef')
          : '',
      exitCode,
      outOfMemory,
      message: next.to === 'waiting' && next.message !== undefined ? this.#filled(next.message, life, pod) : undefined,
    })
  }

  #planStop(part: PodContainer, pod: Stored<Pod>): NonNullable<ContainerMemory['stop']> {
    const { container } = part
    const { name, livenessProbe, startupProbe } = container
    const own = livenessProbe?.terminationGracePeriodSeconds ?? startupProbe?.terminationGracePeriodSeconds
    const graceMs = (own ?? pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000
    const isProcess = this.#listener.processOf(name) !== undefined
    const stopMs = isProcess
      ? Infinity
      : (stopMsOf(pod, part) ?? this.#draw('pod-terminate', this.#env.timings.terminateMs))
    const stopping = { name, kind: 'main', preStopMs: preStopMsOf(pod, part), stopMs } as const
    const end = planTermination([stopping], graceMs).get(name)!
    return { ...end, atMs: this.#env.clock.elapsedMs + end.afterMs }
  }

  #report(life: Life, at: ContainerEvent['at'], pod: Stored<Pod>): void {
    const source = { component: 'kubelet', host: this.#node.name }
    for (const event of life.stage.events ?? []) {
      if (event.at !== at) continue
      const message = this.#filled(event.message, life, pod)
      const { events } = this.#env
      if (event.level === 'warning') events.warning(source, Pods, pod, event.reason, message)
      else events.normal(source, Pods, pod, event.reason, message)
    }
  }

  #filled(text: string, { part, memory, behaviour, stage }: Life, pod: Stored<Pod>): string {
    const { container, kind } = part
    const image = container.image ?? ''
    return text.replace(/\{([a-z-]+)\}/g, (_, word: string) => {
      switch (word) {
        case 'container':
          return container.name
        case 'image':
          return image
        case 'pod':
          return podInMessages(pod)
        case 'pull-error':
          return pullError(image)
        case 'back-off':
          return goDuration(memory.crashes.waitMs)
        case 'pulled': {
          const wish = behaviour.imagePull === 'fail' ? undefined : behaviour.imagePull
          const { sizeBytes } = this.#node.images.pull(image, wish)
          const took = goDuration(memory.pullEndsMs - (memory.pullBeganMs ?? 0))
          return `${took} (${took} including waiting). Image size: ${sizeBytes} bytes.`
        }
        case 'restarted':
          return runsAgain(pod, kind, 137) ? ', will be restarted' : ''
        case 'output': {
          const { startupProbe, readinessProbe, livenessProbe } = container
          const probe =
            stage.name === 'container-startup-fails'
              ? startupProbe
              : stage.name === 'container-unready'
                ? readinessProbe
                : livenessProbe
          return probeOutput(probe, pod.status?.podIP ?? '')
        }
        default:
          return word
      }
    })
  }

  #draw(stream: string, { base, jitter }: Jittered): number {
    return jitter <= 0 ? base : base + this.#prng.fork(stream).below(jitter + 1)
  }
}
