import type { TraceModel } from './model.ts'

/** A list of nothing but numbers, as JSON.stringify indents it. No text within JSON has a line's end in it. */
const NUMBERS = /\[\n\s+(-?[\d.e+-]+(?:,\n\s+-?[\d.e+-]+)*)\n\s+\]/g

/** The model as JSON for people: indented, but numbers side by side. */
export function modelText(model: TraceModel): string {
  const indented = JSON.stringify(model, null, 2)
  return `${indented.replaceAll(NUMBERS, (_, numbers: string) => `[${numbers.replaceAll(/\s+/g, ' ')}]`)}\n`
}
