import { formatQuantity, parseQuantity } from './quantity.ts'

/** The value of a quantity (`100m`, `1.5Gi`) as a number of its base unit: cores, bytes. `undefined` for what is none. */
export function amountOf(quantity: unknown): number | undefined {
  const parsed = parseQuantity(quantity)
  return parsed === undefined ? undefined : Number(parsed.nanos) / 1e9
}

/** Its thousandths, rounded up as Kubernetes does. */
export function milliOf(quantity: unknown): number | undefined {
  const parsed = parseQuantity(quantity)
  return parsed === undefined ? undefined : Number((parsed.nanos + 999_999n) / 1_000_000n)
}

/** Whole units, rounded up as Kubernetes does. */
export function unitsOf(quantity: unknown): number | undefined {
  const parsed = parseQuantity(quantity)
  return parsed === undefined ? undefined : Number((parsed.nanos + 999_999_999n) / 1_000_000_000n)
}

/** A whole number of billionths as a quantity. */
export function formatNanos(nanos: number): string {
  return formatQuantity({ nanos: BigInt(nanos), form: 'decimal' })
}

/** A whole number of thousandths. */
export function formatMilli(milli: number): string {
  return formatQuantity({ nanos: BigInt(milli) * 1_000_000n, form: 'decimal' })
}

/** A whole number of bytes. */
export function formatBytes(bytes: number): string {
  return formatQuantity({ nanos: BigInt(bytes) * 1_000_000_000n, form: 'binary' })
}
