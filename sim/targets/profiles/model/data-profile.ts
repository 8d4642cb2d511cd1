import type { Faker } from '@faker-js/faker'
import { Prng } from '../../../../base/index.ts'
import type { TargetSpec } from '../../../kubelet/pod-runtime.ts'
import { ExpositionTemplate } from '../../exposition-template.ts'
import { identityTemplate } from '../../identity.ts'
import type { MetricsPage, Profile } from '../../profile.ts'
import { TextPage } from '../../text-page.ts'
import { fakerOf } from '../dress.ts'
import type { FamilyData } from './family-data.ts'
import { compile, plainFamily, type Program } from './program.ts'
import { ProgramValues } from './program-values.ts'

/** What an app's label values are made of, at set-up: the same for all its replicas. */
export interface Dress {
  readonly app: string
  readonly namespace: string
  readonly prng: Prng
  readonly faker: Faker
}

/** A profile as data. */
export interface ProfileData {
  readonly name: string
  readonly description: string
  families(dress: Dress): readonly FamilyData[]
}

/** Most apps are few; a replayed trace may have thousands, and then old ones are made again when they come back. */
const CACHED_PROGRAMS_MAX = 256

const TOKENS: Readonly<Record<string, (spec: TargetSpec) => string>> = {
  $pod: ({ pod }) => pod,
  $namespace: ({ namespace }) => namespace,
  $node: ({ node }) => node,
  $container: ({ container }) => container,
  $address: ({ address }) => address,
  /** 40 hexadecimal digits, as programs name one run of themselves. */
  $run: ({ uid }) => uid.replaceAll('-', '').padEnd(32, '0').repeat(2).slice(0, 40),
  /** Of the node's network card, locally administered. */
  $mac: ({ node }) => `02:42:${hexOctets(node).join(':')}`,
}

export function dataProfile(data: ProfileData): Profile {
  const programs = new Map<string, Program>()
  const programOf = ({ seed, namespace, app }: TargetSpec): Program => {
    const key = `${seed}\n${namespace}\n${app}`
    let found = programs.get(key)
    if (found === undefined) {
      if (programs.size >= CACHED_PROGRAMS_MAX) programs.delete(programs.keys().next().value!)
      const prng = new Prng(seed).fork(`${data.name}/${namespace}/${app}`)
      found = compile(data.families({ app, namespace, prng, faker: fakerOf(prng.fork('dress')) }))
      programs.set(key, found)
    }
    return found
  }
  return {
    name: data.name,
    description: data.description,
    page(spec: TargetSpec): MetricsPage {
      const program = programOf(spec)
      const own = program.own.length === 0 ? [] : [ownTemplate(program.own, spec)]
      return new TextPage([identityTemplate(spec), ...own, program.shared], new ProgramValues(spec, program), {
        createdUnixMs: spec.startedUnixMs,
      })
    },
  }
}

function ownTemplate(families: readonly FamilyData[], spec: TargetSpec): ExpositionTemplate {
  return new ExpositionTemplate(
    families.map(plainFamily).map(family => ({
      ...family,
      samples: family.samples.map(sample =>
        sample.labels === undefined
          ? sample
          : {
              ...sample,
              labels: Object.fromEntries(
                Object.entries(sample.labels).map(([name, value]) => [name, TOKENS[value]?.(spec) ?? value]),
              ),
            },
      ),
    })),
  )
}

/** Four octets that go with a name. */
function hexOctets(name: string): string[] {
  const bits = new Prng(name).u32()
  return [24, 16, 8, 0].map(shift => ((bits >>> shift) & 255).toString(16).padStart(2, '0'))
}
