import { assert } from '../../base/index.ts'

/** Replaces the characters [start, end) by `text`; an insertion has `start === end`. */
export interface TextEdit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** What was edited, and where its lines were before. */
export interface EditedText {
  readonly text: string
  /** For a line (from 1) of the result, the line of the source that it belongs to. */
  sourceLine(line: number): number
}

/**
 * Carries out edits of one text, given in any order, none overlapping or touching. All other characters stay as they are.
 *
 * Lines that an edit adds belong to the source line on which the edit starts.
 */
export function applyEdits(source: string, edits: readonly TextEdit[]): EditedText {
  const ordered = [...edits].sort((a, b) => a.start - b.start)
  /** The source line of each line of the result. */
  const origin: number[] = [1]
  let text = ''
  let line = 1
  let at = 0
  for (const edit of ordered) {
    assert(edit.start >= at && edit.end >= edit.start, 'edits overlap')
    const kept = source.slice(at, edit.start)
    for (let breaks = countBreaks(kept); breaks > 0; breaks--) origin.push(++line)
    for (let breaks = countBreaks(edit.text); breaks > 0; breaks--) origin.push(line)
    text += kept + edit.text
    line += countBreaks(source.slice(edit.start, edit.end))
    at = edit.end
  }
  text += source.slice(at)
  for (let breaks = countBreaks(source.slice(at)); breaks > 0; breaks--) origin.push(++line)
  return { text, sourceLine: wanted => origin[wanted - 1] ?? wanted }
}

function countBreaks(text: string): number {
  return text.split('\n').length - 1
}
