import type { Labels } from '../model/index.ts'
import { formatFloat, type MatrixSeries, type QueryStats, type QueryValue } from '../promql/index.ts'

/** Characters after which a piece of the answer is handed on. */
const PIECE = 64 * 1024

/** Unix milliseconds as seconds with up to three decimals. */
export function formatTime(tMs: number): string {
  const ms = Math.abs(tMs)
  const seconds = Math.floor(ms / 1000)
  const rest = ms - seconds * 1000
  const sign = tMs < 0 ? '-' : ''
  if (rest === 0) return `${sign}${seconds}`
  return `${sign}${seconds}.${String(rest).padStart(3, '0')}`
}

export function encodeLabels(labels: Labels): string {
  const { flat } = labels
  let out = '{'
  for (let i = 0; i < flat.length; i += 2) {
    out += `${i === 0 ? '' : ','}${JSON.stringify(flat[i])}:${JSON.stringify(flat[i + 1])}`
  }
  return `${out}}`
}

export interface EncodeOptions {
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
  /** Told only when asked for. */
  readonly stats: QueryStats | undefined
}

/**
 * The answer to a query as JSON, in pieces of some 64 kB, so that neither the whole text nor an object per sample
 * exists at any time: answers of hundreds of thousands of samples are usual here.
 */
export function* encodeQuery(value: QueryValue, options: EncodeOptions): Generator<string> {
  let out = `{"status":"success","data":{"resultType":"${value.type}","result":`
  switch (value.type) {
    case 'scalar':
      out += `[${formatTime(value.tMs)},"${formatFloat(value.value)}"]`
      break
    case 'string':
      out += `[${formatTime(value.tMs)},${JSON.stringify(value.value)}]`
      break
    case 'vector': {
      const time = formatTime(value.tMs)
      out += '['
      for (let i = 0; i < value.labels.length; i++) {
        const metric = encodeLabels(value.labels[i]!)
        out += `${i === 0 ? '' : ','}{"metric":${metric},"value":[${time},"${formatFloat(value.values[i]!)}"]}`
        if (out.length > PIECE) {
          yield out
          out = ''
        }
      }
      out += ']'
      break
    }
    case 'matrix': {
      out += '['
      const times = new TimeTexts()
      for (let i = 0; i < value.series.length; i++) {
        if (i > 0) out += ','
        for (const piece of encodeSeries(value.series[i]!, times)) {
          out += piece
          if (out.length > PIECE) {
            yield out
            out = ''
          }
        }
      }
      out += ']'
      break
    }
  }
  if (options.stats !== undefined) out += `,"stats":${encodeStats(options.stats)}`
  yield `${out}}${encodeNotes(options)}}`
}

function* encodeSeries(series: MatrixSeries, times: TimeTexts): Generator<string> {
  const { labels, tMs, values } = series
  const texts = times.of(tMs)
  let out = `{"metric":${encodeLabels(labels)},"values":[`
  // hot: once per sample.
  for (let i = 0; i < values.length; i++) {
    out += `${i === 0 ? '[' : ',['}${texts === undefined ? formatTime(tMs[i]!) : texts[i]!},"${formatFloat(values[i]!)}"]`
    if (out.length > PIECE) {
      yield out
      out = ''
    }
  }
  yield `${out}]}`
}

/** Most series of a range query share one column of times: its text is made once, when it is seen a second time. */
class TimeTexts {
  #times: Float64Array | undefined
  #texts: string[] | undefined

  of(tMs: Float64Array): readonly string[] | undefined {
    if (this.#times !== tMs) {
      this.#times = tMs
      this.#texts = undefined
      return undefined
    }
    return (this.#texts ??= Array.from(tMs, formatTime))
  }
}

/** `,"warnings":[…],"infos":[…]`, each only when there are any. */
export function encodeNotes(notes: {
  readonly warnings: readonly string[]
  readonly infos?: readonly string[]
}): string {
  const { warnings, infos = [] } = notes
  return (
    (warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(warnings)}`) +
    (infos.length === 0 ? '' : `,"infos":${JSON.stringify(infos)}`)
  )
}

function encodeStats(stats: QueryStats): string {
  return JSON.stringify({
    timings: {
      evalTotalTime: stats.evalSeconds,
      execQueueTime: stats.queueSeconds,
      execTotalTime: stats.queueSeconds + stats.evalSeconds,
    },
    samples: { totalQueryableSamples: stats.totalSamples, peakSamples: stats.peakSamples },
  })
}
