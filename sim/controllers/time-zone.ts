const WEEK_MS = 604_800_000

/** The offset of a zone's clocks from UTC, from the rules that the platform knows. */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat

  /** @throws RangeError for a name that is not known. */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  }

  /** What the clocks show beyond UTC at an instant, in milliseconds. */
  offsetMs(unixMs: number): number {
    const secondMs = Math.floor(unixMs / 1000) * 1000
    const part: Record<string, number> = {}
    for (const { type, value } of this.#format.formatToParts(secondMs)) part[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
    return Date.UTC(year, month - 1, day, hour, minute, second) - secondMs
  }

  /**
   * The first instant after `fromMs`, and not after `untilMs`, from which on the offset is another.
   *
   * Looks once a week: of two changes within one that undo each other neither is seen. No zone has had such for long.
   */
  nextChangeMs(fromMs: number, untilMs: number): number | undefined {
    const offsetMs = this.offsetMs(fromMs)
    let sameMs = fromMs
    while (sameMs < untilMs) {
      let otherMs = Math.min(sameMs + WEEK_MS, untilMs)
      if (this.offsetMs(otherMs) === offsetMs) {
        sameMs = otherMs
        continue
      }
      while (otherMs - sameMs > 1) {
        const middleMs = Math.floor((sameMs + otherMs) / 2)
        if (this.offsetMs(middleMs) === offsetMs) sameMs = middleMs
        else otherMs = middleMs
      }
      return otherMs
    }
    return undefined
  }

  /** The offset as RFC 3339 writes it: `Z`, `+02:00`. */
  suffix(unixMs: number): string {
    const minutes = Math.round(this.offsetMs(unixMs) / 60_000)
    if (minutes === 0) return 'Z'
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
    return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
  }
}

export const UTC = new TimeZone('UTC')
