import type { NodeEvent } from '../churn-event.ts'
import { Phase, type PhaseFigures } from './phase.ts'
import type { LevelSeries } from './timeline.ts'

export interface NodeFigures {
  readonly added: number
  readonly removed: number
  /** How often one failed, as a simulation knows. */
  readonly failed: number
  /** How often the control plane found one not ready. */
  readonly notReady: number
  /** From failed or not ready, whichever came first, until neither. `never`: removed meanwhile. */
  readonly outage: PhaseFigures
  /** From failed until not ready: how long the control plane took to notice. `never`: recovered or removed unnoticed. */
  readonly detection: PhaseFigures
  readonly podsMax: { readonly pods: number; readonly node?: string; readonly atMs: number }
}

export class WatchedNode {
  readonly name: string
  ready = true
  failed = false
  /** When it began to be either not ready or failed. */
  downMs: number | undefined
  /** When it failed, until that is noticed. */
  unnoticedMs: number | undefined
  pods = 0

  constructor(name: string) {
    this.name = name
  }
}

/** What happened to the nodes. */
export class NodeWatch {
  readonly nodes = new Map<string, WatchedNode>()
  readonly #all: LevelSeries
  readonly #ready: LevelSeries
  readonly #outage = new Phase()
  readonly #detection = new Phase()
  #added = 0
  #removed = 0
  #failed = 0
  #notReady = 0
  #podsMax: { pods: number; node?: string; atMs: number } = { pods: 0, atMs: 0 }

  constructor(all: LevelSeries, ready: LevelSeries) {
    this.#all = all
    this.#ready = ready
  }

  add({ t, op, name }: NodeEvent): void {
    if (op === 'added') {
      this.nodes.set(name, new WatchedNode(name))
      this.#added++
      this.#all.change(t, 1)
      this.#ready.change(t, 1)
      return
    }
    const node = this.nodes.get(name)!
    switch (op) {
      case 'failed':
        this.#failed++
        node.failed = true
        if (node.ready) node.unnoticedMs = t
        break
      case 'recovered':
        node.failed = false
        this.#unnoticed(node)
        break
      case 'not-ready':
        this.#notReady++
        this.#setReady(node, t, false)
        if (node.unnoticedMs !== undefined) this.#detection.record(t - node.unnoticedMs)
        node.unnoticedMs = undefined
        break
      case 'ready':
        this.#setReady(node, t, true)
        break
      case 'removed':
        this.#remove(node, t)
        return
    }
    this.#judge(node, t)
  }

  bind(node: WatchedNode, t: number): void {
    node.pods++
    if (node.pods > this.#podsMax.pods) this.#podsMax = { pods: node.pods, node: node.name, atMs: t }
  }

  finish(): NodeFigures {
    for (const node of this.nodes.values()) {
      if (node.downMs !== undefined) this.#count(this.#outage, node.downMs, 'open')
      if (node.unnoticedMs !== undefined) this.#detection.open++
    }
    return {
      added: this.#added,
      removed: this.#removed,
      failed: this.#failed,
      notReady: this.#notReady,
      outage: this.#outage.finish(),
      detection: this.#detection.finish(),
      podsMax: this.#podsMax,
    }
  }

  #setReady(node: WatchedNode, t: number, ready: boolean): void {
    node.ready = ready
    this.#ready.change(t, ready ? 1 : -1)
  }

  /** Begins or ends an outage. */
  #judge(node: WatchedNode, t: number): void {
    const down = node.failed || !node.ready
    if (down) {
      node.downMs ??= t
    } else if (node.downMs !== undefined) {
      if (node.downMs === 0) this.#outage.atStart++
      else this.#outage.record(t - node.downMs)
      node.downMs = undefined
    }
  }

  #remove(node: WatchedNode, t: number): void {
    this.#removed++
    this.nodes.delete(node.name)
    this.#all.change(t, -1)
    if (node.ready) this.#ready.change(t, -1)
    if (node.downMs !== undefined) this.#count(this.#outage, node.downMs, 'never')
    this.#unnoticed(node)
  }

  /** A node that was down when the trace began was down before, and nobody knows for how long. */
  #count(phase: Phase, sinceMs: number, what: 'open' | 'never'): void {
    phase[sinceMs === 0 ? 'atStart' : what]++
  }

  #unnoticed(node: WatchedNode): void {
    if (node.unnoticedMs !== undefined) this.#detection.never++
    node.unnoticedMs = undefined
  }
}
