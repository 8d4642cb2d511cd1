import type { KubeObject } from '../cluster/index.ts'

/** A metric family of kube-state-metrics: what it says of one object of its kind. */
export interface StateFamily<T extends KubeObject = KubeObject> {
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter'
  /** Names of the labels that come after those of the kind. */
  readonly labels: readonly string[]
  samples(object: T): readonly StateSample[]
}

/** Values of the labels, in the order of their names, and the value. */
export interface StateSample {
  readonly labels: readonly string[]
  readonly value: number
}

/** All families of one kind. */
export interface StateKind<T extends KubeObject = KubeObject> {
  /** Of its resource: `pods`. */
  readonly plural: string
  /** Labels that all series of an object have, in this order. */
  readonly labels: readonly string[]
  identity(object: T): readonly string[]
  readonly families: readonly StateFamily<T>[]
}

/** A kind, told from the families alone. */
export function stateKind<T extends KubeObject>(
  plural: string,
  labels: readonly string[],
  families: readonly StateFamily<T>[],
  identity: (object: T) => readonly string[] = ({ metadata }) => [metadata?.namespace ?? '', metadata?.name ?? ''],
): StateKind {
  // Objects come by their kind: nothing else ever meets these families.
  return { plural, labels, families, identity }
}

/** A family whose samples have no labels of their own: one for each object, or none where there is nothing to say. */
export function one<T extends KubeObject>(
  name: string,
  help: string,
  value: (object: T) => number | undefined,
  type: StateFamily['type'] = 'gauge',
): StateFamily<T> {
  return {
    name,
    help,
    type,
    labels: [],
    samples(object) {
      const said = value(object)
      return said === undefined ? [] : [{ labels: [], value: said }]
    },
  }
}

/** A family that says by labels, with a value of 1. */
export function info<T extends KubeObject>(
  name: string,
  help: string,
  labels: readonly string[],
  rows: (object: T) => readonly (readonly string[])[],
): StateFamily<T> {
  return { name, help, type: 'gauge', labels, samples: object => rows(object).map(row => ({ labels: row, value: 1 })) }
}

export function many<T extends KubeObject>(
  name: string,
  help: string,
  labels: readonly string[],
  samples: (object: T) => readonly StateSample[],
  type: StateFamily['type'] = 'gauge',
): StateFamily<T> {
  return { name, help, type, labels, samples }
}

/** Nothing is said by it unless the user of kube-state-metrics allows for labels or annotations: by default nobody does. */
export function notAllowed<T extends KubeObject>(
  prefix: string,
  of: 'labels' | 'annotations',
  stable = of === 'labels',
): StateFamily<T> {
  const help = `Kubernetes ${of} converted to Prometheus labels.`
  return many(`${prefix}_${of}`, stable ? `[STABLE] ${help}` : help, [], () => [])
}

/** Whole seconds since the epoch of a time stamp. */
export function unixSeconds(stamp: string | undefined): number | undefined {
  return stamp === undefined ? undefined : Math.floor(Date.parse(stamp) / 1000)
}

export function created<T extends KubeObject>(prefix: string): StateFamily<T> {
  return one(`${prefix}_created`, '[STABLE] Unix creation timestamp', ({ metadata }) =>
    unixSeconds(metadata?.creationTimestamp),
  )
}

export function flag(value: boolean | undefined): number {
  return value === true ? 1 : 0
}

const STATUSES = ['True', 'False', 'Unknown']

/** A sample for each of the three that a condition may be, after `labels`. */
export function statusSamples(status: string, labels: readonly string[] = []): StateSample[] {
  return STATUSES.map(each => ({ labels: [...labels, each.toLowerCase()], value: flag(each === status) }))
}

export function conditions<T extends KubeObject>(
  name: string,
  help: string,
  of: (object: T) => readonly { readonly type: string; readonly status: string }[] | undefined,
): StateFamily<T> {
  return many(name, help, ['condition', 'status'], object =>
    (of(object) ?? []).flatMap(({ type, status }) => statusSamples(status, [type])),
  )
}

/** A sample for each of `all`, of which one is so. */
export function states(all: readonly string[], current: string | undefined): StateSample[] {
  return all.map(each => ({ labels: [each], value: flag(each === current) }))
}

export function owners<T extends KubeObject>(name: string, help: string): StateFamily<T> {
  return info(name, help, ['owner_kind', 'owner_name', 'owner_is_controller'], ({ metadata }) => {
    const references = metadata?.ownerReferences ?? []
    if (references.length === 0) return [['', '', '']]
    return references.map(({ kind, name: owner, controller }) => [kind, owner, String(controller === true)])
  })
}
