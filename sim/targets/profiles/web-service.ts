import { Prng } from '../../../base/index.ts'
import type { TargetSpec } from '../../kubelet/pod-runtime.ts'
import { fillIdentity, IDENTITY_ROWS, identityTemplate } from '../identity.ts'
import type { MetricsPage, Profile } from '../profile.ts'
import { type RowSource, TextPage } from '../text-page.ts'
import { LOAD_PER_SECOND, mix, TargetLoad } from './model/target-load.ts'
import {
  BUCKET_BOUNDS_US,
  BUCKET_COLUMN,
  BYTES_COLUMN,
  DECK_CARDS,
  LATENCY_COLUMN,
  OUTCOME_COLUMN,
  OUTCOMES,
} from './request-deck.ts'
import { type WebApp, webAppOf } from './web-app.ts'

const WARM_UP_MS = 600_000
const GC_EVERY_BYTES = 4_194_304
const PAGE_BYTES = 4096
const BUCKETS = BUCKET_BOUNDS_US.length

/** A web service with rate, errors and duration per route, and what a Go client library says of its process. */
export const webService: Profile = {
  name: 'web-service',
  description: 'HTTP service: requests by route and status, latency histograms, process and runtime metrics.',
  page(spec: TargetSpec): MetricsPage {
    const app = webAppOf(spec.seed, spec.app)
    const values = new WebServiceValues(spec, app)
    return new TextPage([identityTemplate(spec), app.template], values, { createdUnixMs: spec.startedUnixMs })
  },
}

/**
 * What one pod counts. Load is the sum of two waves (a day by the clock, and a minute or so of the pod's own); it is
 * integrated exactly from the pod's start to now, and each route gets a request per so many units of it.
 */
class WebServiceValues implements RowSource {
  readonly #app: WebApp
  readonly #load: TargetLoad
  /** Per route: units of load per request. */
  readonly #workPerRequest: Float64Array
  /** Per route: where in its deck this pod begins. */
  readonly #deckStart: Uint16Array
  readonly #workPerCpuCentisecond: number
  readonly #workPerInFlight: number
  readonly #liveHeapBytes: number
  readonly #gcPauseUs: number
  readonly #residentPages: number
  readonly #warmUpPages: number
  readonly #threads: number
  readonly #noiseSeed: number

  constructor(spec: TargetSpec, app: WebApp) {
    const prng = new Prng(spec.seed).fork(`target/${spec.uid}`)
    this.#app = app
    this.#load = new TargetLoad(prng, spec.startedUnixMs)
    // Replicas are not equally popular.
    const popularityPercent = prng.between(80, 120)
    this.#workPerRequest = Float64Array.from(app.routes, route =>
      Math.round((LOAD_PER_SECOND * 1000 * 100) / (route.milliRps * popularityPercent)),
    )
    this.#deckStart = Uint16Array.from(app.routes, () => prng.below(DECK_CARDS))
    this.#workPerCpuCentisecond = prng.between(100_000, 600_000)
    this.#workPerInFlight = prng.between(200, 1_500)
    this.#liveHeapBytes = prng.between(2_000_000, 12_000_000)
    this.#gcPauseUs = prng.between(60, 900)
    this.#residentPages = prng.between(4_000, 12_000)
    this.#warmUpPages = prng.between(1_000, 6_000)
    this.#threads = prng.between(7, 14)
    this.#noiseSeed = prng.u32()
  }

  // hot: once per scrape, for all its samples. The order is that of `families` in web-app.ts.
  compute(row: Float64Array, unixMs: number, sequence: number): void {
    fillIdentity(row, unixMs, sequence)
    // A scraper's request may be a moment ahead of the planned start.
    const { startedUnixMs } = this.#load
    const nowMs = unixMs > startedUnixMs ? unixMs : startedUnixMs
    const elapsedMs = nowMs - startedUnixMs
    const work = this.#load.workAt(nowMs)
    const { routes, bytesPerRequest } = this.#app
    const noise = mix(this.#noiseSeed, Math.floor(nowMs / 1000))

    let requests = 0
    for (let r = 0; r < routes.length; r++) requests += Math.floor(work / this.#workPerRequest[r]!)
    const allocatedBytes = requests * bytesPerRequest + elapsedMs * 16
    const collections = Math.floor(allocatedBytes / GC_EVERY_BYTES)
    const inFlight = Math.floor(this.#load.rateAt(nowMs) / this.#workPerInFlight) + (noise & 3)

    let i = IDENTITY_ROWS
    row[i++] = collections * this.#gcPauseUs
    row[i++] = collections
    row[i++] = 9 + 2 * inFlight + ((noise >>> 2) & 3)
    row[i++] = 1
    row[i++] = this.#liveHeapBytes + (allocatedBytes - collections * GC_EVERY_BYTES)
    row[i++] = allocatedBytes
    row[i++] = this.#threads
    for (let r = 0; r < routes.length; r++) {
      const { deck } = routes[r]!
      const count = Math.floor(work / this.#workPerRequest[r]!)
      const start = this.#deckStart[r]!
      for (let b = 0; b < BUCKETS; b++) row[i++] = deck.dealt(BUCKET_COLUMN + b, start, count)
      row[i++] = count
      row[i++] = deck.dealt(LATENCY_COLUMN, start, count)
      row[i++] = count
    }
    row[i++] = inFlight
    for (let r = 0; r < routes.length; r++) {
      const { deck } = routes[r]!
      const count = Math.floor(work / this.#workPerRequest[r]!)
      const start = this.#deckStart[r]!
      for (let o = 0; o < OUTCOMES; o++) row[i++] = deck.dealt(OUTCOME_COLUMN + o, start, count)
    }
    for (let r = 0; r < routes.length; r++) {
      const count = Math.floor(work / this.#workPerRequest[r]!)
      row[i++] = routes[r]!.deck.dealt(BYTES_COLUMN, this.#deckStart[r]!, count)
      row[i++] = count
    }
    row[i++] = Math.floor(work / this.#workPerCpuCentisecond) + Math.floor(elapsedMs / 2000) + 3
    row[i++] = 1_048_576
    row[i++] = 9 + inFlight + ((noise >>> 4) & 3)
    row[i++] = PAGE_BYTES * (this.#residentPages + this.#warmPages(elapsedMs) + ((noise >>> 6) & 127))
    row[i++] = startedUnixMs
    row[i++] = this.#app.virtualMemoryBytes
    row[i++] = 1
  }

  /** Memory grows while caches fill, then stays. */
  #warmPages(elapsedMs: number): number {
    return Math.floor((Math.min(elapsedMs, WARM_UP_MS) * this.#warmUpPages) / WARM_UP_MS)
  }
}
