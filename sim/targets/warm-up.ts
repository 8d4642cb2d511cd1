import { collectGarbage } from '../../base/index.ts'
import { PROFILES } from './profiles/index.ts'

/** One for each way of computing values, and how often: most profiles are data for the same code. */
const WARMED: ReadonlyMap<string, number> = new Map([
  ['web-service', 200],
  ['redis', 40],
])
const PAGES = 40

/**
 * Builds and renders pages of pods that do not exist, once per thread at its start.
 *
 * Otherwise the first pods of a run would wait for the engine to load the words and compile the code: tens of
 * milliseconds, which would be taken for the subject's.
 */
export function warmUpPages(): void {
  for (const profile of PROFILES) {
    const renders = WARMED.get(profile.name) ?? 0
    if (renders === 0) continue
    for (let i = 0; i < PAGES; i++) {
      const page = profile.page({
        uid: `warm-up-${i}`,
        slot: 0,
        address: '127.0.0.1',
        ports: [],
        profile: profile.name,
        namespace: 'warm-up',
        pod: `warm-up-${i}`,
        node: 'warm-up',
        container: 'warm-up',
        app: `warm-up-${i % 4}`,
        seed: 'warm-up',
        startedUnixMs: 0,
      })
      for (let sequence = 1; sequence <= renders; sequence++) page.render(sequence * 1000, sequence)
    }
  }
  collectGarbage()
}
