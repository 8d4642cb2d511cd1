import type { Prng, Timer } from '../../../base/index.ts'
import type { Labels, PodEvent, TraceContainer } from '../churn-event.ts'
import { drawMs } from './distribution.ts'
import type { MachinePool, Machine } from './machine-pool.ts'
import type { PodModel } from './model.ts'
import type { World } from './world.ts'

/** What a pod is when it is created. */
export interface PodFacts {
  readonly namespace: string
  readonly name: string
  readonly owner?: string
  readonly labels: Labels
  readonly annotations?: Labels
  readonly containers: readonly TraceContainer[]
}

/** Who looks after a pod. Called when the events are out. */
export interface PodKeeper {
  readonly model: PodModel
  /** Pods of it by zone, for spreading. */
  readonly zoneLoad: number[]
  /** Its pods stay on a node that is lost, as a DaemonSet's do. */
  readonly staysOnLostNodes?: boolean
  onReady?(pod: PodLife, ready: boolean): void
  /** It works no more and must be replaced, if it is: it ended by itself, or its node is lost. */
  onLost?(pod: PodLife, cause: 'life' | 'node'): void
  onGone?(pod: PodLife): void
}

/**
 * One pod from its creation to its deletion.
 *
 * ```
 *   created ─scheduleMs─▶ bound ─startMs─▶ addressed ─readyMs─▶ ready ◀─downMs─ restarted, not-ready
 *      │ pendingMs           └────lifetimeMs───▶ succeeded | failed ─lingerMs─▶ deleted
 *      ▼                                    └──▶ terminating ─terminateMs─▶ deleted
 *   deleted
 * ```
 *
 * What its kubelet does waits while the machine is silent. Everything is drawn from the pod's own stream.
 */
export class PodLife {
  readonly facts: PodFacts
  readonly uid: string
  readonly createdMs: number
  machine: Machine | undefined
  /** As the API shows it. */
  ready = false
  terminating = false
  ended = false
  gone = false
  readonly #world: World
  readonly #machines: MachinePool
  readonly #prng: Prng
  readonly #keeper: PodKeeper
  #addressed = false
  /** Its containers would be ready, whatever the control plane believes. */
  #works = false
  #restarts = 0
  #address: string | undefined
  #zone: number | undefined
  #progress: Timer | undefined
  #end: Timer | undefined

  constructor(world: World, machines: MachinePool, prng: Prng, keeper: PodKeeper, facts: PodFacts) {
    this.#world = world
    this.#machines = machines
    this.#prng = prng
    this.#keeper = keeper
    this.facts = facts
    this.uid = prng.uuid()
    this.createdMs = world.nowMs
    this.#emit('created', facts)
  }

  /** Its containers work and nobody has asked it to go. */
  get isActive(): boolean {
    return !this.terminating && !this.ended && !this.gone
  }

  /** Begins its life. @param machine where it must run; default: wherever there is a place. */
  start(machine?: Machine): void {
    const { model } = this.#keeper
    this.#progress = this.#world.after(drawMs(model.scheduleMs, this.#prng), () => this.#seekPlace(machine))
    if (model.pendingMs !== undefined) {
      this.#end = this.#world.after(drawMs(model.pendingMs, this.#prng), () => {
        if (this.machine === undefined) this.terminate()
      })
    }
  }

  /** It has run for long when the trace begins. @param remainingMs until it ends by itself. */
  startRunning(remainingMs: number | undefined, machine?: Machine): void {
    const place = machine ?? this.#machines.place(this.#prng, this.#keeper.zoneLoad)
    if (place === undefined) {
      this.#seekPlace(machine)
      return
    }
    this.#bind(place, remainingMs)
    this.#progress?.cancel()
    this.#giveAddress()
    this.#progress?.cancel()
    this.#work()
  }

  /** Somebody deletes it. */
  terminate(): void {
    if (this.terminating || this.gone) return
    if (this.machine === undefined || this.ended) {
      this.#remove()
      return
    }
    this.terminating = true
    this.#stopTimers()
    this.#emit('terminating', { graceS: this.#keeper.model.graceS })
    this.#progress = this.#world.after(drawMs(this.#keeper.model.terminateMs, this.#prng), () =>
      this.#byKubelet(() => this.#remove()),
    )
  }

  /** The control plane gives up on its node. */
  evict(): void {
    if (!this.isActive || this.#keeper.staysOnLostNodes === true) return
    this.terminate()
    this.#keeper.onLost?.(this, 'node')
  }

  /** The control plane does not hear of its node any more, or again. */
  onMachineReady(ready: boolean): void {
    if (this.ended || this.gone) return
    if (!ready) this.#setReady(false)
    else if (this.#works && !this.terminating) this.#setReady(true)
  }

  /** The Node object is gone, and its pods with it. */
  onMachineRemoved(): void {
    this.#remove(this.isActive)
  }

  #seekPlace(wanted: Machine | undefined): void {
    if (this.gone) return
    const machine = wanted ?? this.#machines.place(this.#prng, this.#keeper.zoneLoad)
    if (machine === undefined) this.#machines.wait(this.uid, () => this.#seekPlace(undefined))
    else this.#bind(machine, undefined)
  }

  #bind(machine: Machine, remainingMs: number | undefined): void {
    const { model, zoneLoad } = this.#keeper
    this.#end?.cancel()
    this.machine = machine
    this.#zone = machine.zone
    zoneLoad[machine.zone] = (zoneLoad[machine.zone] ?? 0) + 1
    this.#address = machine.enter(this)
    this.#emit('bound', { node: machine.name })
    this.#progress = this.#world.after(drawMs(model.startMs, this.#prng), () =>
      this.#byKubelet(() => this.#giveAddress()),
    )
    const lifetimeMs = remainingMs ?? (model.lifetimeMs === undefined ? Infinity : drawMs(model.lifetimeMs, this.#prng))
    // A pod that ended at once and was replaced at once would hold time still.
    this.#end = this.#world.after(Math.max(1, lifetimeMs), () => this.#byKubelet(() => this.#endByItself()))
  }

  #giveAddress(): void {
    if (!this.isActive) return
    this.#addressed = true
    this.#emit('addressed', { address: this.#address })
    const readyMs = drawMs(this.#keeper.model.readyMs, this.#prng)
    this.#progress = this.#world.after(readyMs, () => this.#byKubelet(() => this.#work()))
  }

  #work(): void {
    if (!this.isActive || !this.#addressed) return
    this.#works = true
    if (this.machine!.ready) this.#setReady(true)
    const { restarts } = this.#keeper.model
    if (restarts === undefined || restarts.perHour <= 0) return
    const workingMs = (-Math.log1p(-this.#prng.unit()) / restarts.perHour) * 3_600_000
    this.#progress = this.#world.after(Math.max(1, Math.round(workingMs)), () => this.#byKubelet(() => this.#crash()))
  }

  #crash(): void {
    if (!this.isActive) return
    this.#works = false
    this.#restarts++
    this.#emit('restarted', { restarts: this.#restarts })
    this.#setReady(false)
    const downMs = drawMs(this.#keeper.model.restarts!.downMs, this.#prng)
    this.#progress = this.#world.after(downMs, () => this.#byKubelet(() => this.#work()))
  }

  #endByItself(): void {
    if (!this.isActive) return
    const outcome = this.#drawOutcome()
    if (outcome === undefined) {
      this.terminate()
    } else {
      this.#stopTimers()
      this.#works = false
      this.#setReady(false)
      this.ended = true
      this.#emit(outcome.op, outcome.reason === undefined ? {} : { reason: outcome.reason })
      this.#leave()
      const { lingerMs } = this.#keeper.model
      if (lingerMs !== undefined) {
        this.#progress = this.#world.after(drawMs(lingerMs, this.#prng), () => this.#remove())
      }
    }
    this.#keeper.onLost?.(this, 'life')
  }

  #drawOutcome(): { readonly op: 'succeeded' | 'failed'; readonly reason?: string } | undefined {
    const { succeeded = 0, failed = {} } = this.#keeper.model.outcomes ?? {}
    let rest = this.#prng.unit() - succeeded
    if (rest < 0) return { op: 'succeeded' }
    for (const [reason, share] of Object.entries(failed)) {
      rest -= share
      if (rest < 0) return { op: 'failed', ...(reason === '' ? {} : { reason }) }
    }
    return undefined
  }

  /** @param isLost its node took it along, and somebody may want another one. */
  #remove(isLost = false): void {
    if (this.gone) return
    this.#stopTimers()
    this.#works = false
    if (!this.ended) this.#setReady(false)
    this.gone = true
    this.#emit('deleted', {})
    this.#leave()
    if (this.machine === undefined) this.#machines.stopWaiting(this.uid)
    if (isLost) this.#keeper.onLost?.(this, 'node')
    this.#keeper.onGone?.(this)
  }

  /** Frees its place and its address. */
  #leave(): void {
    if (this.#zone === undefined) return
    this.#keeper.zoneLoad[this.#zone]!--
    this.#zone = undefined
    this.machine!.exit(this, this.#address!)
  }

  #setReady(ready: boolean): void {
    if (this.ready === ready) return
    this.ready = ready
    this.#emit(ready ? 'ready' : 'not-ready', {})
    this.#keeper.onReady?.(this, ready)
  }

  /** Now, or when the machine answers again; never, when it does not. */
  #byKubelet(fn: () => void): void {
    if (this.machine!.failed) this.machine!.whenBack(this.uid, fn)
    else fn()
  }

  #stopTimers(): void {
    this.#progress?.cancel()
    this.#end?.cancel()
  }

  #emit(op: PodOp, fields: object): void {
    const { namespace, name } = this.facts
    this.#world.emit({ kind: 'pod', op, namespace, name, uid: this.uid, ...fields })
  }
}

type PodOp = Exclude<PodEvent['op'], 'relabelled'>
