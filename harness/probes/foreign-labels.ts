import type { TargetSpec } from '../../sim/index.ts'
import type { StoredIdentity } from './identity.ts'

/** What tells one pod from another. */
const ATTRIBUTES = ['uid', 'namespace', 'pod', 'node'] as const
type Attribute = (typeof ATTRIBUTES)[number]

type Told = Readonly<Record<Attribute, string>>

/** Of all identities, how many a label must explain to mean something: a few may be mixed up in any way. */
const EXPLAINED_MIN = 0.9

interface Known {
  readonly target: TargetSpec
  readonly own: readonly StoredIdentity[]
  /** The pods that had its address, itself among them. */
  readonly sharers: readonly Told[]
}

/**
 * Finds the identities that say of a pod what is true of another one: a subject that went on scraping an address whose pod is
 * gone has stored the samples of the pod that came after it under the labels of the one before.
 *
 * What a label means is not known, since relabelling is the user's: it is learnt from what is stored. A label *tells* an
 * attribute (`uid`, `namespace`, `pod`, `node`) when it is not the same for all, and nearly everywhere its value is that of the
 * pod or of another that had its address. An identity in which such a label has not the pod's own value is another pod's.
 */
export function foreignIdentities(
  identities: ReadonlyMap<string, readonly StoredIdentity[]>,
  targets: ReadonlyMap<string, TargetSpec>,
): ReadonlySet<StoredIdentity> {
  const at = new Map<string, Told[]>()
  for (const target of targets.values()) {
    const sharers = at.get(target.address)
    if (sharers === undefined) at.set(target.address, [target])
    else sharers.push(target)
  }
  const known = [...identities].flatMap(([uid, own]): Known[] => {
    const target = targets.get(uid)
    return target === undefined ? [] : [{ target, own, sharers: at.get(target.address)! }]
  })
  const names = new Set(known.flatMap(({ own }) => own.flatMap(({ targetLabels }) => [...targetLabels.keys()])))
  const told = [...names].flatMap(name =>
    ATTRIBUTES.filter(attribute => tells(name, attribute, known)).map(attribute => ({ name, attribute })),
  )
  const foreign = new Set<StoredIdentity>()
  for (const { target, own } of known) {
    for (const identity of own) {
      const isForeign = told.some(({ name, attribute }) => {
        const value = identity.targetLabels.get(name)
        return value !== undefined && value !== target[attribute]
      })
      if (isForeign) foreign.add(identity)
    }
  }
  return foreign
}

function tells(name: string, attribute: Attribute, known: readonly Known[]): boolean {
  const values = new Set<string>()
  let explained = 0
  let all = 0
  for (const { own, sharers } of known) {
    for (const { targetLabels } of own) {
      const value = targetLabels.get(name)
      if (value === undefined) continue
      all++
      values.add(value)
      if (sharers.some(sharer => sharer[attribute] === value)) explained++
    }
  }
  return values.size > 1 && explained >= EXPLAINED_MIN * all
}
