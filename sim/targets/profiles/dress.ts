import type { Faker } from '@faker-js/faker'
import { faker } from '@faker-js/faker/locale/en'
import type { Prng } from '../../../base/index.ts'

interface FakerOptions {
  readonly locale: unknown
  readonly randomizer: { next(): number; seed(): void }
}

/**
 * Faker, drawing from our generator. For set-up only: 1.5 µs a word.
 *
 * The class comes from the English instance: the package's main door would load all seventy locales (half a second).
 */
export function fakerOf(prng: Prng): Faker {
  const Class = faker.constructor as new (options: FakerOptions) => Faker
  return new Class({ locale: faker.rawDefinitions, randomizer: { next: () => prng.unit(), seed: () => {} } })
}
