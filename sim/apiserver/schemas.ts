import { BUILT_IN_RESOURCES, type ResourceType } from '../cluster/index.ts'
import { definitionOfKind, type Schema, schemaNamed } from '../schema/index.ts'

const ofCustom = new WeakMap<ResourceType, Schema>()

/** What objects of a kind may look like. */
export function schemaOf(type: ResourceType): Schema {
  return ofCustom.get(type) ?? schemaNamed(definitionOfKind(type.group, type.version, type.kind))
}

/** The schema of a custom resource, as its definition says it. */
export function declareSchema(type: ResourceType, schema: Schema): void {
  ofCustom.set(type, schema)
}

/** By the name of the kind, for patches that others recorded; `undefined` for a kind that Kubernetes does not have. */
export function schemaOfKind(kind: string): Schema | undefined {
  const type = BUILT_IN_RESOURCES.find(candidate => candidate.kind === kind)
  return type === undefined ? undefined : schemaOf(type)
}
