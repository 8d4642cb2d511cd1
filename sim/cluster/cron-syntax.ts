/**
 * The schedules that Kubernetes takes: five fields of numbers, names, ranges, steps and lists, or one of a few words.
 *
 * Another language than that of most cron libraries (no seconds, no `7` for Sunday, no `L` or `#`), and told by the words
 * of the parser that Kubernetes uses, robfig/cron v3. Schedules are reckoned elsewhere; here they are only judged.
 */

interface Field {
  readonly min: number
  readonly max: number
  readonly names: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
/** Names count from `min`. */
const FIELDS: readonly Field[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
]
const WORDS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']
const DURATION = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/

/** @returns what is wrong with a schedule, or `undefined`. */
export function cronFault(schedule: string): string | undefined {
  if (schedule === '') return 'empty spec string'
  const zone = /^(?:CRON_)?TZ=(\S*)(?:\s+(.*))?$/.exec(schedule)
  if (zone !== null && !isTimeZone(zone[1]!)) {
    return `provided bad location ${zone[1]}: unknown time zone ${zone[1]}`
  }
  const text = zone === null ? schedule : (zone[2] ?? '').trim()
  if (text.startsWith('@')) return wordFault(text)
  const parts = text.split(/\s+/).filter(part => part !== '')
  if (parts.length !== FIELDS.length) {
    return `expected exactly ${FIELDS.length} fields, found ${parts.length}: [${parts.join(' ')}]`
  }
  for (const [i, part] of parts.entries()) {
    for (const range of part.split(',').filter(range => range !== '')) {
      const fault = rangeFault(range, FIELDS[i]!)
      if (fault !== undefined) return fault
    }
  }
  return undefined
}

/** Whether a name is that of a zone of the IANA's database. Unlike files, letters may be of either case. */
export function isTimeZone(name: string): boolean {
  if (/^[+-]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

function wordFault(word: string): string | undefined {
  if (WORDS.includes(word)) return undefined
  if (!word.startsWith('@every ')) return `unrecognized descriptor: ${word}`
  const duration = word.slice('@every '.length)
  if (DURATION.test(duration)) return undefined
  return `failed to parse duration ${word}: time: invalid duration "${duration}"`
}

function rangeFault(text: string, field: Field): string | undefined {
  const [range, step, ...moreSteps] = text.split('/')
  const [low, high, ...more] = range!.split('-')
  let start = field.min
  let end = field.max
  if (low !== '*' && low !== '?') {
    const first = numberOf(low!, field)
    if (typeof first === 'string') return first
    start = end = first
    if (more.length > 0) return `too many hyphens: ${text}`
    if (high !== undefined) {
      const last = numberOf(high, field)
      if (typeof last === 'string') return last
      end = last
    }
  }
  let stride = 1
  if (moreSteps.length > 0) return `too many slashes: ${text}`
  if (step !== undefined) {
    const count = integerOf(step)
    if (typeof count === 'string') return count
    stride = count
    if (high === undefined) end = field.max
  }
  if (start < field.min) return `beginning of range (${start}) below minimum (${field.min}): ${text}`
  if (end > field.max) return `end of range (${end}) above maximum (${field.max}): ${text}`
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`
  return stride === 0 ? `step of range should be a positive number: ${text}` : undefined
}

function numberOf(text: string, { min, names }: Field): number | string {
  const index = names.indexOf(text.toLowerCase())
  return index < 0 ? integerOf(text) : min + index
}

/** A number that is not negative, or what is wrong with it. */
function integerOf(text: string): number | string {
  if (!/^[+-]?\d+$/.test(text)) {
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`
  }
  const value = Number(text)
  return value < 0 ? `negative number (${value}) not allowed: ${text}` : value
}
