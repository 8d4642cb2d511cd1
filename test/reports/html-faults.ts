const VOID = new Set(['meta', 'br', 'hr', 'img', 'input', 'link'])

/** The page without what is between script tags; the tags themselves are checked by `scriptsOf`. */
export function unscripted(page: string): string {
  return page.replace(/<script[^>]*>[^]*?<\/script>/g, '')
}

/** The scripts of a page: their attributes and contents. */
export function scriptsOf(page: string): { readonly attributes: string; readonly code: string }[] {
  return [...page.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)].map(([, attributes, code]) => ({
    attributes: attributes!,
    code: code!,
  }))
}

/** Reads HTML strictly: quoted attributes, every element closed in order, no stray angle bracket. Returns what was wrong. */
export function htmlFaults(page: string): string[] {
  const faults: string[] = []
  const open: string[] = []
  const text = unscripted(page)
    .replace(/^<!doctype html>/, '')
    .replace(/<style>[^<]*<\/style>/, '')
  let end = 0
  for (const match of text.matchAll(/<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"<>]*")?)*)\s*(\/?)>/g)) {
    const between = text.slice(end, match.index)
    if (/[<>]/.test(between)) faults.push(`stray bracket: ${between.slice(0, 80)}`)
    end = match.index + match[0].length
    const [, closing, name, , self] = match
    if (closing === '/') {
      const last = open.pop()
      if (last !== name) faults.push(`</${name}> closes <${last}>`)
    } else if (self !== '/' && !VOID.has(name!)) open.push(name!)
  }
  if (/[<>]/.test(text.slice(end))) faults.push('stray bracket at the end')
  return [...faults, ...open.map(name => `<${name}> is never closed`)]
}

/** Whatever could load, run or lead anywhere, in a page without its scripts; links within the page are none of it. */
export const OUTSIDE =
  /<(?:script|iframe|object|embed|link|img|base|form)\b|\s(?:src|href(?!="#)|srcset|action|on\w+)=|url\(|@import|http-equiv="refresh"/i
