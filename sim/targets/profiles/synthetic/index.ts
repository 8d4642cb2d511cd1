import { Prng } from '../../../../base/index.ts'
import type { TargetSpec } from '../../../kubelet/pod-runtime.ts'
import { ChangingPage } from '../../changing-page.ts'
import { ExpositionTemplate } from '../../exposition-template.ts'
import { identityTemplate } from '../../identity.ts'
import type { MetricsPage, Profile } from '../../profile.ts'
import { TextPage } from '../../text-page.ts'
import type { Deck } from '../model/deck.ts'
import { drawLabels, syntheticFamilies } from './families.ts'
import { type Generation, generationAt } from './generation.ts'
import { type Knobs } from './knobs.ts'
import { syntheticDeck, SyntheticValues } from './values.ts'

export const SYNTHETIC = 'synthetic'
export const SYNTHETIC_DESCRIPTION = 'As many series of each type as wanted, which come and go: avalanche’s knobs.'

/** Texts of generations that are kept for the replicas of an app, latest last. */
const TEMPLATES_MAX = 6
const APPS_MAX = 64

/** What the replicas of one app share. */
interface SyntheticApp {
  readonly deck: Deck
  readonly labels: Readonly<Record<string, string>>
  readonly templates: Map<string, ExpositionTemplate>
}

export function syntheticProfile(knobs: Knobs): Profile {
  const apps = new Map<string, SyntheticApp>()
  const appOf = ({ seed, app }: TargetSpec): SyntheticApp => {
    const prng = new Prng(seed).fork(`${SYNTHETIC}/${app}`)
    return remembered(apps, APPS_MAX, `${seed}\n${app}`, () => ({
      deck: syntheticDeck(knobs, prng.fork('deck')),
      labels: drawLabels(knobs, prng.fork('dress')),
      templates: new Map(),
    }))
  }
  return {
    name: SYNTHETIC,
    description: SYNTHETIC_DESCRIPTION,
    page(spec: TargetSpec): MetricsPage {
      const app = appOf(spec)
      const identity = identityTemplate(spec)
      const startedUnixMs = Math.floor(spec.startedUnixMs)
      const pod = { startedUnixMs, seed: new Prng(spec.seed).fork(`target/${spec.uid}`).u32() }
      const pageOf = (generation: Generation): MetricsPage => {
        const template = remembered(
          app.templates,
          TEMPLATES_MAX,
          keyOf(generation),
          () => new ExpositionTemplate(syntheticFamilies(knobs, app.labels, generation)),
        )
        return new TextPage([identity, template], new SyntheticValues(knobs, app.deck, generation, pod), {
          createdUnixMs: spec.startedUnixMs,
        })
      }
      const generation = (unixMs: number): Generation => generationAt(knobs, Math.max(0, unixMs - startedUnixMs))
      return new ChangingPage(
        startedUnixMs,
        unixMs => keyOf(generation(unixMs)),
        unixMs => pageOf(generation(unixMs)),
      )
    },
  }
}

function keyOf({ seriesCycle, metricCycle, seriesCount }: Generation): string {
  return `${seriesCycle}/${metricCycle}/${seriesCount}`
}

/** What was made under a key, made now where it is not there; the oldest gives way. */
function remembered<T>(known: Map<string, T>, max: number, key: string, make: () => T): T {
  let found = known.get(key)
  if (found === undefined) {
    if (known.size >= max) known.delete(known.keys().next().value!)
    found = make()
    known.set(key, found)
  }
  return found
}
