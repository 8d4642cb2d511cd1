/** Numbers and instants for people. */

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** Three significant digits: `1.25 s`, `43 ms`, `850 µs`; a dash where there is no value. */
export function seconds(value: number | null): string {
  if (value === null) return '–'
  const size = Math.abs(value)
  if (size >= 100) return `${value.toFixed(0)} s`
  if (size >= 1) return `${Number(value.toPrecision(3))} s`
  if (size >= 0.001) return `${Number((value * 1000).toPrecision(3))} ms`
  return size === 0 ? '0 s' : `${Math.round(value * 1e6)} µs`
}

export function bytes(value: number | null): string {
  if (value === null) return '–'
  let size = value
  let step = 0
  while (size >= 1023.5 && step < BINARY.length - 1) {
    size /= 1024
    step++
  }
  return `${size >= 100 ? Math.round(size) : Number(size.toPrecision(3))} ${BINARY[step]}`
}

/** `12,345`; fractions keep three significant digits. */
export function count(value: number | null): string {
  if (value === null) return '–'
  if (Math.abs(value) < 1000) return String(Number.isInteger(value) ? value : Number(value.toPrecision(3)))
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `950`, `12k`, `1.05M`: for axes. */
export function compact(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`
  return size >= 10_000 ? `${Number((value / 1000).toPrecision(3))}k` : count(value)
}

/** `0:07`, `12:30`, `1:02:03`. */
export function clock(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number): string => String(n).padStart(2, '0')
  const minutes = Math.floor(whole / 60)
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`
}

/** What a state means, in the legend's words. */
export const STATE_WORDS = {
  starting: 'starting',
  waiting: 'ready, not scraped yet',
  scraped: 'scraped',
  visible: 'scraped and queryable',
  terminating: 'terminating',
  silent: 'does not answer',
} as const
