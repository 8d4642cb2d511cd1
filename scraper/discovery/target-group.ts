/**
 * Targets that come and go together, as discovery found them: a pod's ports, a slice's endpoints.
 *
 * A group replaces the one of the same source; one without targets says that the source is gone.
 */
export interface TargetGroup {
  readonly source: string
  /** Labels that all targets have. */
  readonly labels: Readonly<Record<string, string>>
  /** Each with its own labels, `__address__` among them. */
  readonly targets: readonly Readonly<Record<string, string>>[]
}

/** Whether two versions of a group tell the same. */
export function sameGroup(a: TargetGroup, b: TargetGroup): boolean {
  if (a.targets.length !== b.targets.length || !sameRecord(a.labels, b.labels)) return false
  return a.targets.every((target, i) => sameRecord(target, b.targets[i]!))
}

function sameRecord(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name])
}
