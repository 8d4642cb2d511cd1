import type { Faker } from '@faker-js/faker'
import type { Prng } from '../../../base/index.ts'
import { SUFFIX_ALPHABET } from '../../controllers/template-hash.ts'
import { fakerOf } from '../../targets/profiles/dress.ts'

/** Room for `-<hash of 10>-<suffix of 5>` and for what Jobs add, within the 63 characters of a label. */
const NAME_CHARS_MAX = 40
const SUFFIX_CHARS = 5

/** Names for namespaces and workloads, dressed by faker; each is drawn from the stream of whoever it names. */
export class Names {
  readonly namespaces: readonly string[]
  readonly #taken = new Set<string>()

  constructor(prng: Prng, namespaces: number) {
    const taken = new Set<string>()
    this.namespaces = Array.from({ length: namespaces }, (_, i) => {
      const faker = fakerOf(prng.fork(`namespace/${i}`))
      return free(slug(faker.commerce.department()), taken, '')
    })
  }

  /** A name that no other workload in the namespace has. */
  workload(prng: Prng, namespace: string): string {
    const faker = fakerOf(prng.fork('name'))
    return free(workloadName(faker), this.#taken, `${namespace}/`)
  }
}

/** `billing-gateway`, `solid-state-indexer`: what it is about and what it does. */
function workloadName(faker: Faker): string {
  const role = faker.helpers.arrayElement(ROLES)
  return slug(`${faker.commerce.product()} ${faker.hacker.noun()} ${role}`)
}

const ROLES = ['api', 'worker', 'gateway', 'indexer', 'frontend', 'backend', 'cache', 'proxy', 'sync', 'feed']

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, NAME_CHARS_MAX)
    .replaceAll(/^-+|-+$/g, '')
}

function free(name: string, taken: Set<string>, prefix: string): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}-${n}`
    if (taken.has(prefix + candidate)) continue
    taken.add(prefix + candidate)
    return candidate
  }
}

/** What Kubernetes appends to names of pods that it generates; not one of those in use. */
export function podName(prng: Prng, prefix: string, isTaken: (name: string) => boolean): string {
  for (;;) {
    const name = `${prefix}-${prng.word(SUFFIX_CHARS, SUFFIX_ALPHABET)}`
    if (!isTaken(name)) return name
  }
}

/** As long as most hashes of pod templates are. */
export function templateHashOf(prng: Prng, revision: number): string {
  return prng.fork(`template/${revision}`).word(10, SUFFIX_ALPHABET)
}
