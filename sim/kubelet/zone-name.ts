export const REGION = 'region-1'

/** `region-1a`, `region-1b`, …: as clouds call them. Nodes go to the zones in turn. */
export function zoneName(index: number): string {
  return `${REGION}${zoneLetter(index)}`
}

/** a … z, then aa, ab, … */
function zoneLetter(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26))
  return index < 26 ? letter : zoneLetter(Math.floor(index / 26) - 1) + letter
}
