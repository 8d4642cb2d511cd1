import { RowRing } from '../row-ring.ts'
import {
  type Headline,
  type LogEntry,
  NODE_STATES,
  type NodeState,
  type Phase,
  POD_STATES,
  type PodState,
  type Title,
  type Update,
  type VerdictText,
} from '../wire.ts'

export interface PodView {
  readonly id: number
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly app: string
  readonly node: NodeView
  readonly address: string
  readonly openedMs: number
  /** Its place in the node's box; kept for life. */
  readonly cell: number
  state: PodState
  eligibleMs: number | null
  readyMs: number | null
  scrapedMs: number | null
  visibleMs: number | null
  terminatingMs: number | null
}

export interface NodeView {
  readonly name: string
  readonly zone: string
  state: NodeState
  /** By cell; a gap is a pod that is gone. */
  readonly cells: (PodView | undefined)[]
}

const LOG_MAX = 500

/** What the page knows: the sum of the updates so far. Knows nothing of the document. */
export class PageState {
  title: Title | undefined
  phase: Phase = 'starting'
  atMs = 0
  headline: Headline | undefined
  verdict: VerdictText | undefined
  readonly nodes = new Map<string, NodeView>()
  readonly pods = new Map<number, PodView>()
  readonly rows = new RowRing()
  log: LogEntry[] = []
  /** Grows when all was begun anew. */
  generation = 0

  apply(update: Update): void {
    if (update.reset !== undefined) this.#begin(update.reset)
    this.atMs = update.atMs
    this.phase = update.phase
    for (const [name, zone, state] of update.nodes ?? []) {
      const known = this.nodes.get(name)
      const word = NODE_STATES[state] ?? 'ready'
      if (known === undefined) this.nodes.set(name, { name, zone, state: word, cells: [] })
      else known.state = word
    }
    for (const id of update.gone ?? []) this.#remove(id)
    for (const [id, uid, namespace, name, app, node, address, openedMs] of update.pods ?? []) {
      const place = this.nodes.get(node)
      if (place === undefined) continue
      const cell = freeCell(place)
      const pod: PodView = {
        id,
        uid,
        namespace,
        name,
        app,
        node: place,
        address,
        openedMs,
        cell,
        state: 'starting',
        eligibleMs: null,
        readyMs: null,
        scrapedMs: null,
        visibleMs: null,
        terminatingMs: null,
      }
      place.cells[cell] = pod
      this.pods.set(id, pod)
    }
    for (const [id, state, eligibleMs, readyMs, scrapedMs, visibleMs, terminatingMs] of update.states ?? []) {
      const pod = this.pods.get(id)
      if (pod === undefined) continue
      pod.state = POD_STATES[state] ?? 'starting'
      Object.assign(pod, { eligibleMs, readyMs, scrapedMs, visibleMs, terminatingMs })
    }
    for (const row of update.rows ?? []) this.rows.push(row)
    if (update.log !== undefined) this.log = [...this.log, ...update.log].slice(-LOG_MAX)
    if (update.headline !== undefined) this.headline = update.headline
    if (update.verdict !== undefined) this.verdict = update.verdict
  }

  /** Live pods by state. */
  counts(): Record<PodState, number> {
    const counts = Object.fromEntries(POD_STATES.map(state => [state, 0])) as Record<PodState, number>
    for (const pod of this.pods.values()) counts[pod.state]++
    return counts
  }

  #begin(title: Title): void {
    this.title = title
    this.generation++
    this.nodes.clear()
    this.pods.clear()
    this.rows.clear()
    this.log = []
    this.headline = undefined
    this.verdict = undefined
  }

  #remove(id: number): void {
    const pod = this.pods.get(id)
    if (pod === undefined) return
    this.pods.delete(id)
    pod.node.cells[pod.cell] = undefined
  }
}

function freeCell(node: NodeView): number {
  const gap = node.cells.indexOf(undefined)
  return gap < 0 ? node.cells.length : gap
}
