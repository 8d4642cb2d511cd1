import type { FieldErrors } from './field-errors.ts'
import { portNameFault } from './names.ts'
import { compareQuantities, parseQuantity, type Quantity } from './quantity.ts'

/** Checks of single values that many kinds share, in Kubernetes' words. Paths as in `FieldErrors`. */

const ZERO: Quantity = { nanos: 0n, form: 'decimal' }
const NO_QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const NO_PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"

export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

export function nonNegative(path: string, value: number | undefined, errors: FieldErrors): void {
  if ((value ?? 0) < 0) errors.invalid(path, value, 'must be greater than or equal to 0')
}

/** One of a few words. */
export function oneOf(path: string, value: unknown, supported: readonly string[], errors: FieldErrors): void {
  if (!supported.includes(String(value))) errors.notSupported(path, value ?? '', supported)
}

export function checkPort(path: string, port: number, errors: FieldErrors): void {
  if (port < 1 || port > 65_535) errors.invalid(path, port, 'must be between 1 and 65535, inclusive')
}

export function checkPortOrName(path: string, port: number | string | undefined, errors: FieldErrors): void {
  if (typeof port === 'string') errors.check(path, port, portNameFault)
  else checkPort(path, port ?? 0, errors)
}

/** A number or a percentage; returns the number in it. */
export function checkShare(path: string, value: number | string | undefined, errors: FieldErrors): number {
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || value < 0) errors.invalid(path, value, 'must be greater than or equal to 0')
    return value
  }
  const percent = /^(\d+)%$/.exec(String(value))
  if (percent === null) {
    errors.invalid(path, value, NO_PERCENT)
    return 0
  }
  return Number(percent[1])
}

/** Of shares that may be all of it, and no more. */
export function atMostAll(path: string, value: number | string | undefined, errors: FieldErrors): void {
  if (typeof value === 'string' && /^\d+%$/.test(value) && Number(value.slice(0, -1)) > 100) {
    errors.invalid(path, value, 'must not be greater than 100%')
  }
}

/** @returns the quantity of a good one. Kubernetes refuses a bad one while it decodes, with 400 and the same sentence. */
export function checkQuantity(path: string, value: unknown, errors: FieldErrors): Quantity | undefined {
  const quantity = parseQuantity(value)
  if (quantity === undefined) errors.invalid(path, value, NO_QUANTITY)
  else if (compareQuantities(quantity, ZERO) < 0) errors.invalid(path, value, 'must be greater than or equal to 0')
  else return quantity
  return undefined
}

/** @param sentence what Kubernetes says about zero and less. */
export function checkPositiveQuantity(
  path: string,
  value: unknown,
  errors: FieldErrors,
  sentence = 'must be greater than zero',
): void {
  const quantity = parseQuantity(value)
  if (quantity === undefined) errors.invalid(path, value, NO_QUANTITY)
  else if (compareQuantities(quantity, ZERO) <= 0) errors.invalid(path, value, sentence)
}
