import { ApiError } from './errors.ts'
import type { ResourceType } from './resources.ts'

interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

/**
 * Collects what is wrong with an object, in the words of Kubernetes' field errors, to tell all of it at once.
 *
 * Paths are written as Kubernetes writes them: `spec.containers[0].name`, `metadata.labels`.
 */
export class FieldErrors {
  readonly #causes: Cause[] = []

  get count(): number {
    return this.#causes.length
  }

  /** Says that something is wrong, but does not show it: Kubernetes leaves out what is long, or secret. */
  invalidUnseen(field: string, detail: string): void {
    this.#add('FieldValueInvalid', field, `Invalid value: ${detail}`)
  }

  required(field: string, detail = ''): void {
    this.#add('FieldValueRequired', field, detail === '' ? 'Required value' : `Required value: ${detail}`)
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.#add('FieldValueInvalid', field, `Invalid value: ${shown(value)}: ${detail}`)
  }

  /** Reports `value` when `fault` says something about it. */
  check(field: string, value: string, fault: (value: string) => string | undefined): void {
    const detail = fault(value)
    if (detail !== undefined) this.invalid(field, value, detail)
  }

  notSupported(field: string, value: unknown, supported: readonly string[]): void {
    const choices = supported.map(choice => `"${choice}"`).join(', ')
    this.#add('FieldValueNotSupported', field, `Unsupported value: ${shown(value)}: supported values: ${choices}`)
  }

  duplicate(field: string, value: unknown): void {
    this.#add('FieldValueDuplicate', field, `Duplicate value: ${shown(value)}`)
  }

  notFound(field: string, value: unknown): void {
    this.#add('FieldValueNotFound', field, `Not found: ${shown(value)}`)
  }

  tooMany(field: string, count: number, countMax: number): void {
    this.#add('FieldValueTooMany', field, `Too many: ${count}: must have at most ${countMax} items`)
  }

  forbidden(field: string, detail: string): void {
    this.#add('FieldValueForbidden', field, `Forbidden: ${detail}`)
  }

  tooLong(field: string, bytesMax: number): void {
    this.#add('FieldValueTooLong', field, `Too long: may not be more than ${bytesMax} bytes`)
  }

  /** @throws ApiError Invalid when anything was collected. */
  throwIfAny(type: Pick<ResourceType, 'kind' | 'group'>, name: string): void {
    if (this.#causes.length === 0) return
    throw invalid({ kind: type.kind, group: type.group }, name, this.#causes)
  }

  #add(reason: string, field: string, message: string): void {
    this.#causes.push({ reason, message, field })
  }
}

function invalid(of: { kind: string; group: string }, name: string, causes: readonly Cause[]): ApiError {
  const sentences = causes.map(cause => `${cause.field}: ${cause.message}`)
  const what = of.group === '' ? of.kind : `${of.kind}.${of.group}`
  const all = sentences.length === 1 ? sentences[0]! : `[${sentences.join(', ')}]`
  return new ApiError('Invalid', `${what} "${name}" is invalid: ${all}`, {
    ...(name === '' ? {} : { name }),
    ...(of.group === '' ? {} : { group: of.group }),
    kind: of.kind,
    causes: causes.map(cause => ({ ...cause })),
  })
}

function shown(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value)
}
