/**
 * What a Go program of the Prometheus family says is wrong with its configuration or flags, one fault an entry.
 *
 *   prometheus   time=… level=ERROR msg="Error loading config (…)" err="parsing …: unmarshal errors:\n  line 3: field …"
 *                Error parsing command line arguments: unknown long flag '--x'
 *   victoria     <date>⇥fatal⇥<source>⇥cannot parse Prometheus config …: yaml: unmarshal errors:
 *                  line 3: field …
 *                flag provided but not defined: -x
 *
 * Falls back to the last line of the log. Empty when the log is.
 */
export function goComplaints(log: readonly string[]): string[] {
  const faults: string[] = []
  let inList = false
  for (const line of log) {
    const structured = /level=(?:error|ERROR) .*\berr=("(?:[^"\\]|\\.)*"|\S+)/.exec(line)?.[1]
    const fatal = /^\S+\t(?:fatal|panic)\t[^\t]*\t(.*)$/.exec(line)?.[1]
    const flag =
      /^Error parsing command ?line arguments: (.*)|(flag provided but not defined: .*|invalid value .* for flag .*)/.exec(
        line,
      )
    if (structured !== undefined) faults.push(...listed(unquoted(structured)))
    else if (fatal !== undefined) faults.push(...listed(fatal))
    else if (inList && /^\s+line \d+: /.test(line)) faults.push(withoutHint(line.trim()))
    else if (flag !== null) faults.push((flag[1] ?? flag[2])!)
    inList = fatal !== undefined || (inList && /^\s/.test(line))
  }
  if (faults.length === 0 && log.length > 0) faults.push(log.at(-1)!.trim())
  return faults
}

/** `… unmarshal errors:\n  line 3: …\n  line 7: …` → the lines; anything else is one fault. */
function listed(complaint: string): string[] {
  const [head = '', ...rest] = complaint.split('\n')
  const lines = rest.map(line => withoutHint(line.trim())).filter(line => line !== '')
  if (lines.length > 0) return lines
  return head.trimEnd().endsWith('unmarshal errors:') ? [] : [withoutHint(head)]
}

/** VictoriaMetrics advises a flag that we set ourselves where it helps. */
function withoutHint(line: string): string {
  return line.replace(/; pass -promscrape\.config\.strictParse=false .*$/, '')
}

/** A Go string literal (%q); its escapes are JSON's, but for \x and \a, which are rare enough to be shown as they are. */
function unquoted(literal: string): string {
  if (!literal.startsWith('"')) return literal
  try {
    return JSON.parse(literal) as string
  } catch {
    return literal.slice(1, -1)
  }
}
