/**
 * Where a text stops being base64, as Go's decoder tells it: the index of the byte, or `undefined` for a good text. Line
 * breaks are skipped.
 */
export function base64FaultAt(text: string): number | undefined {
  let inQuantum = 0
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!
    if (character === '\n' || character === '\r') continue
    if (character === '=') return inQuantum < 2 ? i : paddingFaultAt(text, i, inQuantum)
    if (!/[A-Za-z0-9+/]/.test(character)) return i
    inQuantum = (inQuantum + 1) % 4
  }
  return inQuantum === 0 ? undefined : text.length - inQuantum
}

/** What follows the first `=`, at `start`: one more when the quantum lacks two characters, then nothing. */
function paddingFaultAt(text: string, start: number, inQuantum: number): number | undefined {
  let missing = 3 - inQuantum
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\n' || text[i] === '\r') continue
    if (missing === 0 || text[i] !== '=') return i
    missing--
  }
  return missing === 0 ? undefined : text.length
}
