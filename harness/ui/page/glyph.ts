import type { PodState } from '../wire.ts'
import { colour } from './theme.ts'

/** Below this side a mark would only blur the colour. */
const MARKED_SIDE_MIN = 6

/**
 * A pod's cell. Colour is not all: what starts is hollow, what ends has a bar, what is silent has a cross, so that states can be
 * told apart without it.
 */
export function drawPod(paint: CanvasRenderingContext2D, state: PodState, x: number, y: number, side: number): void {
  const ink = colour(`--pod-${state}`)
  if (state === 'starting') {
    paint.strokeStyle = ink
    paint.lineWidth = side >= MARKED_SIDE_MIN ? 1.5 : 1
    const inset = paint.lineWidth / 2
    paint.strokeRect(x + inset, y + inset, side - 2 * inset, side - 2 * inset)
    return
  }
  paint.fillStyle = ink
  paint.fillRect(x, y, side, side)
  if (side < MARKED_SIDE_MIN || (state !== 'terminating' && state !== 'silent')) return
  const inset = side * 0.22
  paint.strokeStyle = colour('--panel')
  paint.lineWidth = Math.max(1, side / 8)
  paint.beginPath()
  paint.moveTo(x + inset, y + side - inset)
  paint.lineTo(x + side - inset, y + inset)
  if (state === 'silent') {
    paint.moveTo(x + inset, y + inset)
    paint.lineTo(x + side - inset, y + side - inset)
  }
  paint.stroke()
}
