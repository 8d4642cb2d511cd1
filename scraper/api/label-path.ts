/**
 * A label name as it stands in a path: as it is, or escaped as Prometheus escapes names that are not identifiers:
 * `U__` in front, `__` for `_`, `_2e_` for the character U+002E.
 *
 * What is not escaped properly is the name itself.
 */
export function unescapeLabelName(text: string): string {
  if (!text.startsWith('U__')) return text
  let out = ''
  let at = 3
  while (at < text.length) {
    const c = text[at]!
    if (c !== '_') {
      out += c
      at++
    } else if (text[at + 1] === '_') {
      out += '_'
      at += 2
    } else {
      const end = text.indexOf('_', at + 1)
      const hex = end === -1 ? '' : text.slice(at + 1, end)
      const code = Number.parseInt(hex, 16)
      if (!/^[0-9a-fA-F]{1,6}$/.test(hex) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return text
      out += String.fromCodePoint(code)
      at = end + 1
    }
  }
  return out
}
