import { collectGarbage } from '../../base/index.ts'
import { PROFILES } from './profiles/index.ts'
import type { Profile } from './profile.ts'

/** One for each way of computing values: most profiles are data for the same code. */
const WARMED: readonly string[] = ['web-service', 'redis']
const PAGES = 40
const RENDERS = 200

/**
 * Builds and renders pages of pods that do not exist, once per thread at its start.
 *
 * Otherwise the first pods of a run would wait for the engine to load the words and compile the code: tens of
 * milliseconds, which would be taken for the subject's.
 */
export function warmUpPages(): void {
  for (const profile of PROFILES.filter(({ name }: Profile) => WARMED.includes(name))) {
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
      for (let sequence = 1; sequence <= RENDERS; sequence++) page.render(sequence * 1000, sequence)
    }
  }
  collectGarbage()
}
