import type { Prng } from '../../../base/index.ts'

export interface OpenbNode {
  readonly name: string
  readonly cpuMilli: number
  readonly memoryMib: number
  readonly gpus: number
  /** Of its GPUs, '' without any. */
  readonly model: string
}

export interface OpenbRequest {
  readonly name: string
  readonly cpuMilli: number
  readonly memoryMib: number
  readonly gpus: number
  /** Thousandths of each GPU that it asks for. */
  readonly gpuMilli: number
  /** Models that will do; any when empty. */
  readonly models: readonly string[]
}

interface Machine {
  readonly node: OpenbNode
  cpuMilli: number
  memoryMib: number
  /** What is free of each GPU, in thousandths. */
  readonly gpuMilli: number[]
}

interface Taken {
  readonly machine: Machine
  readonly request: OpenbRequest
  /** Which of the machine's GPUs. */
  readonly gpus: readonly number[]
}

/** What is free on each machine, and who took the rest. */
export class OpenbMachines {
  readonly #machines: readonly Machine[]
  readonly #prng: Prng
  readonly #taken = new Map<string, Taken>()

  constructor(nodes: readonly OpenbNode[], prng: Prng) {
    this.#prng = prng
    this.#machines = nodes.map(node => ({
      node,
      cpuMilli: node.cpuMilli,
      memoryMib: node.memoryMib,
      gpuMilli: Array.from({ length: node.gpus }, () => 1000),
    }))
  }

  /**
   * The first machine that has room, from one that is drawn on; `undefined` when none has. Requests without GPUs go to machines
   * without, as long as one of them has room: they would keep GPUs from those that need them.
   */
  place(request: OpenbRequest): string | undefined {
    if (this.#machines.length === 0) return undefined
    const start = this.#prng.fork(request.name).below(this.#machines.length)
    return (
      this.#firstFrom(start, request, request.gpus === 0) ??
      (request.gpus === 0 ? this.#firstFrom(start, request, false) : undefined)
    )
  }

  /** Gives back what the pod has; whether it had anything. */
  release(name: string): boolean {
    const taken = this.#taken.get(name)
    if (taken === undefined) return false
    this.#taken.delete(name)
    const { machine, request, gpus } = taken
    machine.cpuMilli += request.cpuMilli
    machine.memoryMib += request.memoryMib
    for (const gpu of gpus) machine.gpuMilli[gpu]! += request.gpuMilli
    return true
  }

  #firstFrom(start: number, request: OpenbRequest, onlyWithoutGpu: boolean): string | undefined {
    for (let i = 0; i < this.#machines.length; i++) {
      const machine = this.#machines[(start + i) % this.#machines.length]!
      if (onlyWithoutGpu && machine.node.gpus > 0) continue
      const gpus = fitting(machine, request)
      if (gpus === undefined) continue
      machine.cpuMilli -= request.cpuMilli
      machine.memoryMib -= request.memoryMib
      for (const gpu of gpus) machine.gpuMilli[gpu]! -= request.gpuMilli
      this.#taken.set(request.name, { machine, request, gpus })
      return machine.node.name
    }
    return undefined
  }
}

/** The GPUs that it would get, those with the least left first; `undefined` when it does not fit. */
function fitting(machine: Machine, request: OpenbRequest): readonly number[] | undefined {
  if (machine.cpuMilli < request.cpuMilli || machine.memoryMib < request.memoryMib) return undefined
  if (request.gpus === 0) return []
  if (machine.node.gpus < request.gpus) return undefined
  if (request.models.length > 0 && !request.models.includes(machine.node.model)) return undefined
  const free = machine.gpuMilli.flatMap((milli, gpu) => (milli >= request.gpuMilli ? [gpu] : []))
  if (free.length < request.gpus) return undefined
  return free.sort((a, b) => machine.gpuMilli[a]! - machine.gpuMilli[b]! || a - b).slice(0, request.gpus)
}
