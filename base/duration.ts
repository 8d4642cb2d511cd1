import { CodedError, ExitCode } from './errors.ts'

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|[smhdwy]))+$/

/**
 * Reads a duration as Prometheus and k6 write it (`1m30s`, `250ms`, `2d`, `1.5s`) and returns milliseconds.
 *
 * Units are not required to descend. A bare `0` is allowed; any other bare number is refused, for nobody agrees on its unit.
 *
 * @throws CodedError CHURN_DURATION
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0
  if (!DURATION.test(text)) {
    throw new CodedError('CHURN_DURATION', `"${text}" is not a duration; write it like 500ms, 15s, 1m30s or 2h`, {
      exitCode: ExitCode.usage,
    })
  }
  let ms = 0
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwy])/g)) ms += Number(number) * UNIT_MS[unit!]!
  return ms
}

/** Writes milliseconds as Prometheus does: `1m30s`, `250ms`, `0s`. Fractions of a millisecond are rounded. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms)
  if (rest === 0) return '0s'
  let out = rest < 0 ? '-' : ''
  rest = Math.abs(rest)
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const size = UNIT_MS[unit]!
    const count = Math.floor(rest / size)
    if (count > 0) out += `${count}${unit}`
    rest -= count * size
  }
  return out
}

/** Writes seconds for people, with three significant digits and a fitting unit: `4.61 s`, `212 µs`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return String(seconds)
  const size = Math.abs(seconds)
  if (size === 0) return '0 s'
  if (size < 1e-6) return `${digits(seconds * 1e9)} ns`
  if (size < 1e-3) return `${digits(seconds * 1e6)} µs`
  if (size < 1) return `${digits(seconds * 1e3)} ms`
  if (size < 120) return `${digits(seconds)} s`
  return `${digits(seconds / 60)} min`
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
