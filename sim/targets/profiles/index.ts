import { targetError } from '../errors.ts'
import type { Profile } from '../profile.ts'
import { cadvisor, kubeStateMetrics } from './fed.ts'
import { webService } from './web-service.ts'

/** Every profile there is, in the order in which they are listed to people. */
export const PROFILES: readonly Profile[] = [webService, kubeStateMetrics, cadvisor]

const BY_NAME: ReadonlyMap<string, Profile> = new Map(PROFILES.map(profile => [profile.name, profile]))

/** @throws CodedError CHURN_PROFILE_UNKNOWN (exit code 2), naming those that exist. */
export function profileByName(name: string): Profile {
  const profile = BY_NAME.get(name)
  if (profile !== undefined) return profile
  throw targetError(
    'CHURN_PROFILE_UNKNOWN',
    `there is no metric profile "${name}"; known are ${[...BY_NAME.keys()].join(', ')}`,
  )
}
