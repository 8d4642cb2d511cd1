import { Prng } from '../../../base/index.ts'
import { fakerOf } from '../../targets/profiles/dress.ts'

const WORDS = 512

/**
 * The words that pseudonyms begin with: English nouns of 4 to 8 letters, always the same ones in the same order, so that a key
 * gives the same pseudonyms in every run. They tell nothing: which one stands for what is the key's secret. Some milliseconds.
 */
export function dressWords(): readonly string[] {
  const faker = fakerOf(new Prng('scrub words'))
  const words = new Set<string>()
  while (words.size < WORDS) {
    const word = faker.word.noun()
    if (/^[a-z]{4,8}$/.test(word)) words.add(word)
  }
  return [...words]
}
