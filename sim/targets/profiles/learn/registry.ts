import type { Profile } from '../../profile.ts'
import { dataProfile } from '../model/data-profile.ts'
import { learnedFamilies } from './learned-families.ts'
import type { LearnedPage } from './learned-page.ts'

/** A workload's profile that begins so names a page to learn from: `from:orders.prom`. */
export const LEARNED_PREFIX = 'from:'

const learned = new Map<string, Profile>()

/**
 * Makes learned pages known to this thread, each under the text that names it: it goes on holding them until it ends. Each
 * thread that builds pages of these profiles, and the one that checks them, is told once, before anything else.
 */
export function learnPages(pages: Readonly<Record<string, LearnedPage>>): void {
  for (const [name, page] of Object.entries(pages)) {
    const families = learnedFamilies(page)
    learned.set(name, dataProfile({ name, description: 'Learned from a real page.', families: () => families }))
  }
}

export function learnedProfile(text: string): Profile | undefined {
  return learned.get(text)
}
