/**
 * Where things are on the map, in CSS pixels. Knows nothing of a canvas.
 *
 *   ┌ zone ────────────┐ ┌ zone ────────────┐   zones side by side while each has room, else below each other
 *   │ ┌ node ┐ ┌ node ┐│ │ ┌ node ┐         │   a node is a box with a name and a grid of cells,
 *   │ │■■■■■ │ │■■■   ││ │ │■■■■  │         │   of which all nodes have the same number
 *   │ └──────┘ └──────┘│ │ └──────┘         │
 *   └──────────────────┘ └──────────────────┘
 */
export interface MapLayout {
  readonly width: number
  readonly height: number
  /** From one cell to the next, and the side of a cell. */
  readonly pitch: number
  readonly side: number
  readonly columns: number
  readonly zones: readonly { readonly name: string; readonly x: number; readonly y: number; readonly width: number }[]
  readonly nodes: ReadonlyMap<string, NodeBox>
}

export interface NodeBox {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface ZoneInput {
  readonly name: string
  readonly nodes: readonly string[]
}

const ZONE_TITLE = 22
const ZONE_GAP = 20
const ZONE_WIDTH_MIN = 190
const BOX_GAP = 8
const BOX_WIDTH_MIN = 72
export const BOX_PAD = 6
export const BOX_TITLE = 18
const PITCHES = [22, 18, 16, 14, 12, 10, 8, 7, 6, 5]

/** @param cells that the fullest node has or had; boxes of one size keep the map still while pods come and go. */
export function layoutMap(zones: readonly ZoneInput[], cells: number, width: number, heightWanted: number): MapLayout {
  let layout = layoutAt(zones, cells, width, PITCHES[0]!)
  for (const pitch of PITCHES) {
    layout = layoutAt(zones, cells, width, pitch)
    if (layout.height <= heightWanted) break
  }
  return layout
}

function layoutAt(zones: readonly ZoneInput[], cells: number, width: number, pitch: number): MapLayout {
  const room = Math.max(4, Math.ceil(cells / 4) * 4)
  const abreast = Math.max(1, Math.min(zones.length, Math.floor((width + ZONE_GAP) / (ZONE_WIDTH_MIN + ZONE_GAP))))
  const zoneWidth = (width - ZONE_GAP * (abreast - 1)) / abreast
  const columnsMax = Math.max(1, Math.floor((zoneWidth - 2 * BOX_PAD) / pitch))
  const columnsMin = Math.ceil((BOX_WIDTH_MIN - 2 * BOX_PAD) / pitch)
  const columnsWanted = Math.min(columnsMax, Math.max(columnsMin, Math.ceil(Math.sqrt(room * 1.6))))
  const widthWanted = Math.max(BOX_WIDTH_MIN, columnsWanted * pitch + 2 * BOX_PAD)
  const nodesMost = Math.max(1, ...zones.map(zone => zone.nodes.length))
  const perRow = Math.max(1, Math.min(nodesMost, Math.floor((zoneWidth + BOX_GAP) / (widthWanted + BOX_GAP))))
  // What is left of a row goes to its boxes.
  const boxWidth = Math.max(widthWanted, (zoneWidth + BOX_GAP) / perRow - BOX_GAP)
  const columns = Math.max(1, Math.floor((boxWidth - 2 * BOX_PAD) / pitch))
  const box = { width: boxWidth, height: BOX_TITLE + Math.ceil(room / columns) * pitch + BOX_PAD }

  const placedZones: { name: string; x: number; y: number; width: number }[] = []
  const placedNodes = new Map<string, NodeBox>()
  let y = 0
  for (let first = 0; first < zones.length; first += abreast) {
    let rows = 0
    for (const [i, zone] of zones.slice(first, first + abreast).entries()) {
      const x = i * (zoneWidth + ZONE_GAP)
      placedZones.push({ name: zone.name, x, y, width: zoneWidth })
      for (const [k, node] of zone.nodes.entries()) {
        placedNodes.set(node, {
          x: x + (k % perRow) * (box.width + BOX_GAP),
          y: y + ZONE_TITLE + Math.floor(k / perRow) * (box.height + BOX_GAP),
          ...box,
        })
      }
      rows = Math.max(rows, Math.ceil(zone.nodes.length / perRow))
    }
    y += ZONE_TITLE + rows * (box.height + BOX_GAP) + BOX_GAP
  }
  const right = Math.max(width, ...[...placedNodes.values()].map(node => node.x + node.width))
  return {
    width: right,
    height: y,
    pitch,
    side: pitch - (pitch >= 10 ? 3 : pitch >= 7 ? 2 : 1),
    columns,
    zones: placedZones,
    nodes: placedNodes,
  }
}

export function cellAt(layout: MapLayout, box: NodeBox, cell: number): { readonly x: number; readonly y: number } {
  return {
    x: box.x + BOX_PAD + (cell % layout.columns) * layout.pitch,
    y: box.y + BOX_TITLE + Math.floor(cell / layout.columns) * layout.pitch,
  }
}

/** The node at a point, and the cell when the point is within the grid. */
export function hit(
  layout: MapLayout,
  x: number,
  y: number,
): { readonly node: string; readonly cell: number | undefined } | undefined {
  for (const [node, box] of layout.nodes) {
    if (x < box.x || x >= box.x + box.width || y < box.y || y >= box.y + box.height) continue
    const column = Math.floor((x - box.x - BOX_PAD) / layout.pitch)
    const row = Math.floor((y - box.y - BOX_TITLE) / layout.pitch)
    const isInGrid = column >= 0 && column < layout.columns && row >= 0
    return { node, cell: isInGrid ? row * layout.columns + column : undefined }
  }
  return undefined
}
