/** A duration as kubectl shows ages: `45s`, `3m12s`, `5h20m`, `9d`, `2y30d`. Seconds; fractions are cut off. */
export function humanDuration(durationS: number): string {
  const seconds = Math.trunc(durationS)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.trunc(seconds / 60)
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.trunc(minutes / 60)
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.trunc(hours / 24)
  if (hours < 192) return pair(days, 'd', hours % 24, 'h')
  if (days < 730) return `${days}d`
  const years = Math.trunc(days / 365)
  return years < 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`
}

/** The age of a Kubernetes timestamp. */
export function ageOf(timestamp: string | undefined, nowMs: number): string {
  if (timestamp === undefined || timestamp === null) return '<unknown>'
  return humanDuration((nowMs - Date.parse(timestamp)) / 1000)
}
