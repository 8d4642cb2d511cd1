import { targetError } from '../errors.ts'
import type { Profile } from '../profile.ts'
import { cadvisor, kubeStateMetrics } from './fed.ts'
import { goRuntimeProfile } from './go-runtime.ts'
import { istioProxy } from './istio-proxy.ts'
import { jvm } from './jvm.ts'
import { LEARNED_PREFIX, learnedProfile } from './learn/registry.ts'
import { memcached } from './memcached.ts'
import { dataProfile } from './model/data-profile.ts'
import { nginx } from './nginx.ts'
import { nodeExporter } from './node-exporter.ts'
import { postgres } from './postgres.ts'
import { parseProfileText } from './profile-text.ts'
import { redis } from './redis.ts'
import { SYNTHETIC, SYNTHETIC_DESCRIPTION, syntheticProfile } from './synthetic/index.ts'
import { knobFaults, knobsOf } from './synthetic/knobs.ts'
import { webService } from './web-service.ts'

export { learnPages } from './learn/registry.ts'

/** Every profile that needs no options, in the order in which they are listed to people. */
export const PROFILES: readonly Profile[] = [
  webService,
  ...[goRuntimeProfile, nodeExporter, redis, memcached, postgres, nginx, jvm, istioProxy].map(dataProfile),
  kubeStateMetrics,
  cadvisor,
]

/** Names of all that `profileByName` takes, and what each is. */
export const PROFILE_NAMES: readonly { readonly name: string; readonly description: string }[] = [
  ...PROFILES,
  { name: SYNTHETIC, description: SYNTHETIC_DESCRIPTION },
  { name: `${LEARNED_PREFIX}<file|url>`, description: 'What a real page has, learned from it.' },
]

const BY_NAME: ReadonlyMap<string, Profile> = new Map(PROFILES.map(profile => [profile.name, profile]))

/** Of profiles with options: pods of a workload share theirs. */
const MADE_MAX = 64
const made = new Map<string, Profile>()

/**
 * A profile by its name, with options as in `synthetic?gauges=50&mode=spike`.
 *
 * @throws CodedError CHURN_PROFILE_UNKNOWN, naming those that exist; CHURN_PROFILE_OPTIONS, naming all faults (exit code 2).
 */
export function profileByName(text: string): Profile {
  const known = BY_NAME.get(text) ?? made.get(text) ?? learnedProfile(text)
  if (known !== undefined) return known
  const faults = profileFaults(text)
  if (faults.length > 0) {
    const { name } = parseProfileText(text)
    const code = name === SYNTHETIC || BY_NAME.has(name) ? 'CHURN_PROFILE_OPTIONS' : 'CHURN_PROFILE_UNKNOWN'
    throw targetError(
      code,
      faults.length === 1 ? faults[0]! : `profile "${text}":${faults.map(each => `\n  ${each}`).join('')}`,
    )
  }
  const profile = syntheticProfile(knobsOf(parseProfileText(text).options))
  if (made.size >= MADE_MAX) made.delete(made.keys().next().value!)
  made.set(text, profile)
  return profile
}

/** All that is wrong with the text of a profile; empty where `profileByName` takes it. */
export function profileFaults(text: string): readonly string[] {
  if (learnedProfile(text) !== undefined) return []
  const { name, options } = parseProfileText(text)
  if (name === SYNTHETIC) return knobFaults(options)
  if (BY_NAME.has(name)) return options.size === 0 ? [] : [`profile "${name}" takes no options`]
  const known = PROFILE_NAMES.map(each => each.name).join(', ')
  return [
    text.startsWith(LEARNED_PREFIX)
      ? `the page of profile "${text}" is not here: only the workloads of a scenario may name one`
      : `there is no metric profile "${name}"; known are ${known}`,
  ]
}
