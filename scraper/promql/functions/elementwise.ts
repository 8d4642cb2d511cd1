/** Functions of one sample's value; the result has no metric name. */
const ELEMENTWISE: ReadonlyMap<string, (value: number) => number> = new Map([
  ['abs', Math.abs],
  ['ceil', Math.ceil],
  ['floor', Math.floor],
  ['exp', Math.exp],
  ['sqrt', Math.sqrt],
  ['ln', Math.log],
  ['log2', Math.log2],
  ['log10', Math.log10],
  ['sin', Math.sin],
  ['cos', Math.cos],
  ['tan', Math.tan],
  ['asin', Math.asin],
  ['acos', Math.acos],
  ['atan', Math.atan],
  ['sinh', Math.sinh],
  ['cosh', Math.cosh],
  ['tanh', Math.tanh],
  ['asinh', Math.asinh],
  ['acosh', Math.acosh],
  ['atanh', Math.atanh],
  ['deg', value => (value * 180) / Math.PI],
  ['rad', value => (value * Math.PI) / 180],
  ['sgn', value => (value < 0 ? -1 : value > 0 ? 1 : value)],
])

/** Functions of a Unix time in seconds, in UTC. */
const CALENDAR: ReadonlyMap<string, (date: Date) => number> = new Map([
  ['minute', date => date.getUTCMinutes()],
  ['hour', date => date.getUTCHours()],
  ['day_of_week', date => date.getUTCDay()],
  ['day_of_month', date => date.getUTCDate()],
  ['day_of_year', dayOfYear],
  ['days_in_month', daysInMonth],
  ['month', date => date.getUTCMonth() + 1],
  ['year', date => date.getUTCFullYear()],
])

export function elementwise(name: string): ((value: number) => number) | undefined {
  return ELEMENTWISE.get(name)
}

/** A calendar function, as a function of seconds since 1970. */
export function calendar(name: string): ((seconds: number) => number) | undefined {
  const fn = CALENDAR.get(name)
  return fn === undefined ? undefined : seconds => fn(new Date(Math.trunc(seconds) * 1000))
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1
}

function daysInMonth(date: Date): number {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
}
