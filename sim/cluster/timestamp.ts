let second = -1
let text = ''

/**
 * Unix milliseconds as Kubernetes writes times: RFC 3339 with whole seconds.
 *
 * hot: several times for each commit; within one second the same text is handed out.
 */
export function timestamp(unixMs: number): string {
  const wanted = Math.floor(unixMs / 1000)
  if (wanted !== second) {
    second = wanted
    text = `${new Date(wanted * 1000).toISOString().slice(0, 19)}Z`
  }
  return text
}
