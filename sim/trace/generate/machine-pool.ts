import type { Prng, Timer } from '../../../base/index.ts'
import { zoneName } from '../../kubelet/zone-name.ts'
import { NodeSlice } from '../../kubelet/pod-network.ts'
import { drawMs } from './distribution.ts'
import type { ClusterModel, NodeFailureModel } from './model.ts'
import type { PodLife } from './pod-life.ts'
import { nextArrivalMs } from './rate.ts'
import type { World } from './world.ts'

/** 10.0.0.0/8: a slice for each node. */
const FIRST_ADDRESS = 10 * 2 ** 24
const NETWORK_SIZE = 2 ** 24
/** Between a machine's answering again and its Node being ready: the next heartbeat. */
const HEARTBEAT_MS_MAX = 10_000

/** A machine and its Node object. */
export class Machine {
  readonly name: string
  readonly zone: number
  readonly slice: NodeSlice
  readonly pods = new Set<PodLife>()
  /** Nobody on it answers. */
  failed = false
  /** As the control plane sees it. */
  ready = true
  removed = false
  readonly #onLeft: (machine: Machine) => void
  /** What the kubelet would have done meanwhile, by pod: only the last of each is of interest. */
  readonly #postponed = new Map<string, () => void>()

  constructor(name: string, zone: number, slice: NodeSlice, onLeft: (machine: Machine) => void) {
    this.name = name
    this.zone = zone
    this.slice = slice
    this.#onLeft = onLeft
  }

  /** Takes the pod in and returns its address. */
  enter(pod: PodLife): string {
    this.pods.add(pod)
    return this.slice.take()
  }

  exit(pod: PodLife, address: string): void {
    this.pods.delete(pod)
    this.#postponed.delete(pod.uid)
    this.slice.release(address)
    this.#onLeft(this)
  }

  whenBack(uid: string, fn: () => void): void {
    const before = this.#postponed.get(uid)
    this.#postponed.set(uid, before === undefined ? fn : () => (before(), fn()))
  }

  back(): void {
    const calls = [...this.#postponed.values()]
    this.#postponed.clear()
    for (const call of calls) call()
  }
}

/**
 * The machines of the cluster: who has room, who fails, who comes and goes.
 *
 * A pod goes to the zone that has the fewest of its kind, and there to the emptier of two machines that it draws: nearly as
 * even as the emptiest of all, and one pod more or less moves few others.
 */
export class MachinePool {
  readonly #world: World
  readonly #prng: Prng
  readonly #model: ClusterModel
  readonly #zones: Machine[][]
  readonly #sliceSize: number
  readonly #freeSlices: NodeSlice[] = []
  /** Pods without a place, in order of their coming. */
  readonly #waiting = new Map<string, () => void>()
  readonly #listeners: ((machine: Machine) => void)[] = []
  #serial = 0
  #slices = 0
  #failures = 0
  #growing: Timer | undefined

  constructor(world: World, prng: Prng, model: ClusterModel) {
    this.#world = world
    this.#prng = prng
    this.#model = model
    this.#zones = Array.from({ length: model.zones }, () => [])
    this.#sliceSize = 2 ** Math.max(8, Math.ceil(Math.log2(2 * model.podsPerNodeMax + 3)))
  }

  /** Adds the machines there are at first, and lets them fail. */
  start(): void {
    for (let i = 0; i < this.#model.nodes; i++) this.#add()
    const failures = this.#model.nodeFailures
    if (failures !== undefined) this.#planFailures(failures)
  }

  /** All machines that there are. */
  *machines(): Generator<Machine> {
    for (const zone of this.#zones) yield* zone
  }

  /** Calls for each machine that comes from now on. */
  onAdded(listener: (machine: Machine) => void): void {
    this.#listeners.push(listener)
  }

  /** A machine with room; `undefined` when there is none. */
  place(prng: Prng, zoneLoad: readonly number[]): Machine | undefined {
    const first = prng.below(this.#zones.length)
    const order = this.#zones.map((_, i) => (first + i) % this.#zones.length)
    order.sort((a, b) => (zoneLoad[a] ?? 0) - (zoneLoad[b] ?? 0))
    const a = prng.u32()
    const b = prng.u32()
    for (const zone of order) {
      const machine = this.#placeIn(this.#zones[zone]!, a, b)
      if (machine !== undefined) return machine
    }
    return undefined
  }

  #placeIn(machines: readonly Machine[], a: number, b: number): Machine | undefined {
    if (machines.length === 0) return undefined
    const one = machines[a % machines.length]!
    const other = machines[b % machines.length]!
    const emptier = one.pods.size <= other.pods.size ? one : other
    if (this.#hasRoom(emptier)) return emptier
    return machines.find(machine => this.#hasRoom(machine))
  }

  #hasRoom(machine: Machine): boolean {
    return machine.ready && machine.pods.size < this.#model.podsPerNodeMax
  }

  /** Calls `fn` when there may be a place again. */
  wait(uid: string, fn: () => void): void {
    this.#waiting.set(uid, fn)
    this.#grow()
  }

  stopWaiting(uid: string): void {
    this.#waiting.delete(uid)
  }

  #admitWaiting(machine: Machine): void {
    if (this.#waiting.size === 0) return
    let room = this.#model.podsPerNodeMax - machine.pods.size
    const calls: (() => void)[] = []
    for (const [uid, fn] of this.#waiting) {
      if (room-- <= 0) break
      this.#waiting.delete(uid)
      calls.push(fn)
    }
    for (const call of calls) this.#world.after(1, call)
  }

  #add(): void {
    const index = this.#serial++
    const name = `node-${index}`
    const zone = this.#smallestZone()
    const machine = new Machine(name, zone, this.#nextSlice(), left => this.#onLeft(left))
    this.#zones[zone]!.push(machine)
    const labels = {
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      'topology.kubernetes.io/region': zoneName(zone).slice(0, -1),
      'topology.kubernetes.io/zone': zoneName(zone),
    }
    this.#world.emit({ kind: 'node', op: 'added', name, labels })
    for (const listener of this.#listeners) listener(machine)
    this.#admitWaiting(machine)
  }

  #smallestZone(): number {
    let smallest = 0
    for (const [i, zone] of this.#zones.entries()) if (zone.length < this.#zones[smallest]!.length) smallest = i
    return smallest
  }

  #nextSlice(): NodeSlice {
    const size = this.#sliceSize
    if ((this.#slices + 1) * size > NETWORK_SIZE && this.#freeSlices.length > 0) return this.#freeSlices.shift()!
    return new NodeSlice(FIRST_ADDRESS + this.#slices++ * size, size, '')
  }

  #remove(machine: Machine): void {
    machine.removed = true
    const zone = this.#zones[machine.zone]!
    zone.splice(zone.indexOf(machine), 1)
    this.#world.emit({ kind: 'node', op: 'removed', name: machine.name })
    for (const pod of machine.pods) pod.onMachineRemoved()
    this.#freeSlices.push(machine.slice)
  }

  #planFailures(model: NodeFailureModel): void {
    const prng = this.#prng.fork('failures')
    const { count = 0, perHour } = model
    for (let i = 0; i < count; i++) this.#world.at(prng.below(this.#world.endMs + 1), () => this.#failOne(model))
    if (perHour === undefined) return
    const { dayOffsetMs } = this.#world
    const plan = (fromMs: number): void => {
      const nextMs = nextArrivalMs(perHour, fromMs, -Math.log1p(-prng.unit()))
      this.#world.at(nextMs - dayOffsetMs, () => {
        this.#failOne(model)
        plan(nextMs)
      })
    }
    plan(dayOffsetMs)
  }

  #failOne(model: NodeFailureModel): void {
    const prng = this.#prng.fork(`failure/${this.#failures++}`)
    const healthy = [...this.machines()].filter(machine => !machine.failed && machine.ready)
    if (healthy.length === 0) return
    this.#fail(prng.pick(healthy), prng, model)
  }

  #fail(machine: Machine, prng: Prng, model: NodeFailureModel): void {
    const { name } = machine
    machine.failed = true
    this.#world.emit({ kind: 'node', op: 'failed', name })
    const isRemoved = prng.unit() < model.removedShare
    const detectMs = drawMs(model.detectMs, prng)
    const detected = this.#world.after(detectMs, () => {
      machine.ready = false
      this.#world.emit({ kind: 'node', op: 'not-ready', name, reason: 'NodeStatusUnknown' })
      for (const pod of machine.pods) pod.onMachineReady(false)
    })
    const evicted = this.#world.after(detectMs + drawMs(model.evictMs, prng), () => {
      for (const pod of machine.pods) pod.evict()
    })
    if (isRemoved) {
      this.#world.after(drawMs(model.removeMs, prng), () => {
        detected.cancel()
        evicted.cancel()
        this.#remove(machine)
        this.#world.after(drawMs(model.replaceMs, prng), () => this.#add())
      })
      return
    }
    const heartbeatMs = prng.below(HEARTBEAT_MS_MAX)
    this.#world.after(drawMs(model.repairMs, prng), () => {
      detected.cancel()
      evicted.cancel()
      machine.failed = false
      this.#world.emit({ kind: 'node', op: 'recovered', name })
      this.#world.after(heartbeatMs, () => this.#backToWork(machine))
    })
  }

  #backToWork(machine: Machine): void {
    if (machine.removed || machine.failed) return
    if (!machine.ready) {
      machine.ready = true
      this.#world.emit({ kind: 'node', op: 'ready', name: machine.name })
    }
    machine.back()
    for (const pod of machine.pods) pod.onMachineReady(true)
    this.#admitWaiting(machine)
  }

  #onLeft(machine: Machine): void {
    if (machine.removed) return
    if (this.#hasRoom(machine)) this.#admitWaiting(machine)
    this.#shrinkLater(machine)
  }

  #grow(): void {
    const { autoscaling } = this.#model
    if (autoscaling === undefined || this.#growing !== undefined) return
    const prng = this.#prng.fork(`grow/${this.#serial}`)
    this.#growing = this.#world.after(Math.max(1, drawMs(autoscaling.addMs, prng)), () => {
      this.#growing = undefined
      let nodes = 0
      for (const zone of this.#zones) nodes += zone.length
      const wanted = Math.ceil(this.#waiting.size / this.#model.podsPerNodeMax)
      for (let i = 0; i < wanted && nodes + i < autoscaling.nodesMax; i++) this.#add()
      if (this.#waiting.size > 0 && nodes + wanted < autoscaling.nodesMax) this.#grow()
    })
  }

  #shrinkLater(machine: Machine): void {
    const { autoscaling, nodes } = this.#model
    if (autoscaling === undefined || !isIdle(machine)) return
    this.#world.after(autoscaling.idleMs, () => {
      let count = 0
      for (const zone of this.#zones) count += zone.length
      if (!machine.removed && !machine.failed && isIdle(machine) && count > nodes) this.#remove(machine)
    })
  }
}

function isIdle(machine: Machine): boolean {
  for (const pod of machine.pods) if (pod.facts.owner?.startsWith('DaemonSet/') !== true) return false
  return true
}
