import type { NodeView, PageState, PodView } from './page-state.ts'
import { byId } from './dom.ts'
import { drawPod } from './glyph.ts'
import { BOX_PAD, BOX_TITLE, cellAt, hit, layoutMap, type MapLayout } from './map-layout.ts'
import { colour } from './theme.ts'
import { STATE_WORDS } from './words.ts'

const HEIGHT_WANTED = 520
const FONT = '12px ui-sans-serif, system-ui, sans-serif'

export interface MapEvents {
  /** A pod was chosen, or none any more. */
  onPod(pod: PodView | undefined): void
  /** A node was chosen. */
  onNode(name: string): void
}

/** The cluster, painted: a canvas, because ten thousand elements would not move. */
export class ClusterMap {
  readonly #canvas = byId('map', HTMLCanvasElement)
  readonly #scroll = byId('map-scroll')
  readonly #tip = byId('tip')
  readonly #state: PageState
  readonly #events: MapEvents
  #layout: MapLayout | undefined
  #layoutKey = ''
  #cells = 0
  #generation = -1
  #chosen: PodView | undefined
  #hovered: PodView | undefined
  #isDue = false

  constructor(state: PageState, events: MapEvents) {
    this.#state = state
    this.#events = events
    this.#canvas.addEventListener('pointermove', event => this.#hover(event))
    this.#canvas.addEventListener('pointerleave', () => this.#leave())
    this.#canvas.addEventListener('click', event => this.#click(event))
    this.#canvas.addEventListener('keydown', event => this.#key(event))
    new ResizeObserver(() => this.draw()).observe(this.#scroll)
  }

  get chosen(): PodView | undefined {
    return this.#chosen
  }

  /** Paints before the next frame, once, however often it is asked for. */
  draw(): void {
    if (this.#isDue) return
    this.#isDue = true
    requestAnimationFrame(() => {
      this.#isDue = false
      this.#paint()
    })
  }

  choose(pod: PodView | undefined): void {
    this.#chosen = pod
    this.#events.onPod(pod)
    this.draw()
  }

  #arrange(): MapLayout {
    const { nodes, generation } = this.#state
    if (generation !== this.#generation) {
      this.#generation = generation
      this.#cells = 0
      if (this.#chosen !== undefined) this.choose(undefined)
      this.#leave()
    }
    for (const node of nodes.values()) this.#cells = Math.max(this.#cells, node.cells.length)
    // A little ahead of need: each change of the number of cells moves everything.
    const room = Math.ceil(this.#cells / 8) * 8
    const width = Math.max(280, this.#scroll.clientWidth)
    const key = `${generation} ${nodes.size} ${room} ${width}`
    if (this.#layout !== undefined && key === this.#layoutKey) return this.#layout
    this.#layoutKey = key
    const zones = new Map<string, string[]>()
    for (const { name, zone } of nodes.values()) zones.set(zone, [...(zones.get(zone) ?? []), name])
    const sorted = [...zones].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, members]) => ({ name, nodes: members }))
    this.#layout = layoutMap(sorted, room, width, HEIGHT_WANTED)
    return this.#layout
  }

  #paint(): void {
    const layout = this.#arrange()
    const paint = this.#fit(layout)
    if (paint === null) return
    paint.clearRect(0, 0, layout.width, layout.height)
    paint.font = FONT
    paint.textBaseline = 'alphabetic'
    paint.fillStyle = colour('--soft')
    for (const zone of layout.zones) {
      paint.fillText(zone.name, zone.x, zone.y + 13)
      paint.fillRect(zone.x, zone.y + 17, zone.width, 1)
    }
    for (const node of this.#state.nodes.values()) this.#paintNode(paint, layout, node)
    if (this.#hovered !== undefined) this.#ring(paint, layout, this.#hovered, 1)
    if (this.#chosen !== undefined) this.#ring(paint, layout, this.#chosen, 2)
    const { size } = this.#state.pods
    this.#canvas.setAttribute('aria-label', `Map of the cluster: ${size} pods on ${this.#state.nodes.size} nodes`)
  }

  #paintNode(paint: CanvasRenderingContext2D, layout: MapLayout, node: NodeView): void {
    const box = layout.nodes.get(node.name)
    if (box === undefined) return
    const isWell = node.state === 'ready'
    paint.fillStyle = colour('--bg')
    paint.fillRect(box.x, box.y, box.width, box.height)
    paint.strokeStyle = colour(isWell ? '--line' : '--fail')
    paint.lineWidth = isWell ? 1 : 2
    paint.setLineDash(isWell ? [] : [5, 3])
    paint.strokeRect(box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1)
    paint.setLineDash([])
    paint.fillStyle = colour(isWell ? '--soft' : '--fail')
    const sign = isWell ? '' : '✕ '
    const word = isWell ? '' : ` ${node.state}`
    const room = box.width - 2 * BOX_PAD
    const title = [`${sign}${node.name}${word}`, `${sign}${node.name}`, node.name].find(
      text => paint.measureText(text).width <= room,
    )
    paint.fillText(title ?? node.name, box.x + BOX_PAD, box.y + BOX_TITLE - 5, room)
    for (const pod of node.cells) {
      if (pod === undefined) continue
      const { x, y } = cellAt(layout, box, pod.cell)
      drawPod(paint, pod.state, x, y, layout.side)
    }
  }

  #ring(paint: CanvasRenderingContext2D, layout: MapLayout, pod: PodView, width: number): void {
    const box = layout.nodes.get(pod.node.name)
    if (box === undefined) return
    const { x, y } = cellAt(layout, box, pod.cell)
    paint.strokeStyle = colour('--ink')
    paint.lineWidth = width
    paint.strokeRect(x - 1.5, y - 1.5, layout.side + 3, layout.side + 3)
  }

  /** The canvas in the screen's own pixels. */
  #fit(layout: MapLayout): CanvasRenderingContext2D | null {
    const ratio = devicePixelRatio
    const canvas = this.#canvas
    const [width, height] = [Math.round(layout.width * ratio), Math.round(layout.height * ratio)]
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width
      canvas.height = height
      canvas.style.width = `${layout.width}px`
      canvas.style.height = `${layout.height}px`
    }
    const paint = canvas.getContext('2d')
    paint?.setTransform(ratio, 0, 0, ratio, 0, 0)
    return paint
  }

  #podAt(event: MouseEvent): { node: NodeView; pod: PodView | undefined } | undefined {
    if (this.#layout === undefined) return undefined
    const found = hit(this.#layout, event.offsetX, event.offsetY)
    const node = found === undefined ? undefined : this.#state.nodes.get(found.node)
    if (found === undefined || node === undefined) return undefined
    return { node, pod: found.cell === undefined ? undefined : node.cells[found.cell] }
  }

  #hover(event: PointerEvent): void {
    const found = this.#podAt(event)
    if (found?.pod !== this.#hovered) {
      this.#hovered = found?.pod
      this.draw()
    }
    this.#canvas.style.cursor = found === undefined ? 'default' : 'pointer'
    if (found === undefined) {
      this.#tip.hidden = true
      return
    }
    const { node, pod } = found
    this.#tip.textContent =
      pod === undefined
        ? `${node.name}: ${node.state}, ${node.cells.filter(Boolean).length} pods`
        : `${pod.namespace}/${pod.name}: ${STATE_WORDS[pod.state]}`
    this.#tip.hidden = false
    const panel = this.#scroll.parentElement!.getBoundingClientRect()
    const x = event.clientX - panel.left
    this.#tip.style.left = `${Math.min(x + 12, panel.width - this.#tip.offsetWidth - 8)}px`
    this.#tip.style.top = `${event.clientY - panel.top + 16}px`
  }

  #leave(): void {
    this.#tip.hidden = true
    if (this.#hovered === undefined) return
    this.#hovered = undefined
    this.draw()
  }

  #click(event: MouseEvent): void {
    const found = this.#podAt(event)
    if (found?.pod !== undefined) this.choose(found.pod)
    else if (found !== undefined) this.#events.onNode(found.node.name)
    else this.choose(undefined)
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.choose(undefined)
    const direction = ARROWS[event.key]
    if (direction === undefined) return
    event.preventDefault()
    this.choose(this.#next(direction) ?? this.#chosen)
  }

  /** The pod that lies nearest in a direction; the first of all when none is chosen. */
  #next([dx, dy]: readonly [number, number]): PodView | undefined {
    const layout = this.#layout
    if (layout === undefined) return undefined
    const from = this.#chosen === undefined ? undefined : this.#centre(layout, this.#chosen)
    if (from === undefined) return this.#state.pods.values().next().value
    let best: PodView | undefined
    let bestCost = Number.POSITIVE_INFINITY
    for (const pod of this.#state.pods.values()) {
      const at = this.#centre(layout, pod)
      if (at === undefined) continue
      const along = (at.x - from.x) * dx + (at.y - from.y) * dy
      const aside = Math.abs((at.x - from.x) * dy) + Math.abs((at.y - from.y) * dx)
      const cost = along + 4 * aside
      if (along > 0 && cost < bestCost) {
        best = pod
        bestCost = cost
      }
    }
    return best
  }

  #centre(layout: MapLayout, pod: PodView): { readonly x: number; readonly y: number } | undefined {
    const box = layout.nodes.get(pod.node.name)
    return box === undefined ? undefined : cellAt(layout, box, pod.cell)
  }
}

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}
