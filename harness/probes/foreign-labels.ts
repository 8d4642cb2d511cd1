import type { TargetSpec } from '../../sim/index.ts'
import type { StoredIdentity } from './identity.ts'

/** What tells one pod from another. */
const ATTRIBUTES = ['uid', 'namespace', 'pod', 'node'] as const
type Attribute = (typeof ATTRIBUTES)[number]

/** Of all pods, how many a label must name rightly for it to mean that: some are only ever stored under others' labels. */
const RIGHT_SHARE_MIN = 0.9

/**
 * Finds the identities that say of a pod what is true of another one: a subject that went on scraping an address whose pod is
 * gone has stored the samples of the pod that came after it under the labels of the one before.
 *
 * What a label means is not known, since relabelling is the user's: it is learnt from what is stored. A label *tells* an
 * attribute (`uid`, `namespace`, `pod`, `node`) when nearly every pod has an identity in which its value is the pod's own, and
 * when it is not the same for all. An identity in which such a label has another value is another pod's.
 */
export function foreignIdentities(
  identities: ReadonlyMap<string, readonly StoredIdentity[]>,
  targets: ReadonlyMap<string, TargetSpec>,
): ReadonlySet<StoredIdentity> {
  const known = [...identities].flatMap(([uid, own]) => {
    const target = targets.get(uid)
    return target === undefined ? [] : [{ target, own }]
  })
  const names = new Set(known.flatMap(({ own }) => own.flatMap(({ targetLabels }) => [...targetLabels.keys()])))
  const told: { readonly name: string; readonly attribute: Attribute }[] = []
  for (const name of names) {
    for (const attribute of ATTRIBUTES) if (tells(name, attribute, known)) told.push({ name, attribute })
  }
  const foreign = new Set<StoredIdentity>()
  for (const { target, own } of known) {
    for (const identity of own) {
      const isForeign = ({ name, attribute }: (typeof told)[number]): boolean => {
        const value = identity.targetLabels.get(name)
        return value !== undefined && value !== target[attribute]
      }
      if (told.some(isForeign)) foreign.add(identity)
    }
  }
  return foreign
}

function tells(
  name: string,
  attribute: Attribute,
  known: readonly { readonly target: TargetSpec; readonly own: readonly StoredIdentity[] }[],
): boolean {
  const values = new Set<string>()
  let right = 0
  let all = 0
  for (const { target, own } of known) {
    const said = own.flatMap(({ targetLabels }) => targetLabels.get(name) ?? [])
    if (said.length === 0) continue
    all++
    if (said.includes(target[attribute])) right++
    for (const value of said) values.add(value)
  }
  return values.size > 1 && right >= RIGHT_SHARE_MIN * all
}
