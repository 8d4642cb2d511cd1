import { assert } from '../../base/index.ts'
import { POWERS_OF_TEN } from './decimal.ts'
import type { Exposition } from './exposition-format.ts'
import { extrasOf, type Family } from './family.ts'
import { isLegacyLabel, isLegacyName } from './name-escaping.ts'
import type { SeriesDescription } from './profile.ts'
import { ProtobufLayout } from './protobuf-layout.ts'
import { type TextLayout, textLayout } from './text-layout.ts'

export type { ExemplarShape, Family, MetricType, NativeShape, Sample } from './family.ts'

const DECIMALS_MAX = 9

/**
 * The unchanging bytes of an exposition in every format: everything but the values. Immutable, shared by replicas.
 *
 * Values are *mantissas*: integers within ±2^53, which stand for `mantissa / 10^decimals`, or NaN or an infinity. That
 * quotient of two exact doubles is correctly rounded, and so is `Number(text)`: what is written parses back to exactly the
 * same double.
 */
export class ExpositionTemplate {
  /** Names and labels as text 0.0.4 has them, not escaped. */
  readonly series: readonly SeriesDescription[]
  /** Numbers that follow the samples in a row; NaN where a source does not fill them. */
  readonly extras: number
  readonly #families: readonly Family[]
  readonly #decimals: Uint8Array
  readonly #hasLegacyNames: boolean
  readonly #layouts = new Map<string, TextLayout>()
  readonly #protobuf = new Map<string, ProtobufLayout>()

  constructor(families: readonly Family[]) {
    this.#families = families
    this.series = families.flatMap(({ name, samples }) =>
      samples.map(({ suffix = '', labels = {} }) => ({ name: name + suffix, labels })),
    )
    this.extras = extrasOf(families)
    this.#decimals = Uint8Array.from(families.flatMap(({ samples }) => samples.map(({ decimals = 0 }) => decimals)))
    assert(
      this.#decimals.every(decimals => decimals <= DECIMALS_MAX),
      () => `a value has at most ${DECIMALS_MAX} decimals`,
    )
    this.#hasLegacyNames = families.every(
      ({ name, samples }) =>
        isLegacyName(name) && samples.every(({ labels = {} }) => Object.keys(labels).every(isLegacyLabel)),
    )
  }

  /** The value that a mantissa stands for in series `index`. */
  valueOf(index: number, mantissa: number): number {
    return mantissa / POWERS_OF_TEN[this.#decimals[index]!]!
  }

  /** Built on demand: most pages are only ever asked for in one format. */
  text(exposition: Exposition): TextLayout {
    const { format, created } = exposition
    const key = `${format.startsWith('openmetrics') ? 'openmetrics' : 'text'} ${this.#escaping(exposition)} ${created}`
    let layout = this.#layouts.get(key)
    if (layout === undefined) this.#layouts.set(key, (layout = textLayout(this.#families, exposition)))
    return layout
  }

  protobuf(exposition: Exposition): ProtobufLayout {
    const key = this.#escaping(exposition)
    let layout = this.#protobuf.get(key)
    if (layout === undefined) {
      this.#protobuf.set(key, (layout = new ProtobufLayout(this.#families, exposition.escaping)))
    }
    return layout
  }

  /** Where nothing has to be escaped, all schemes share one layout. */
  #escaping({ escaping }: Exposition): string {
    return this.#hasLegacyNames ? '' : escaping
  }
}
