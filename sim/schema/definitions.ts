import { assert } from '../../base/index.ts'
import { DefinitionFile } from './definition-file.ts'
import { type OpenApiNode, type Resolver, Schema } from './schema.ts'

const REFERENCE = '#/components/schemas/'
/** Kubernetes' own OpenAPI definitions. */
const FILE = new DefinitionFile<OpenApiNode>('openapi.jsonl')
const schemas = new Map<string, Schema>()

/** A definition as it is published, by its name, `io.k8s.api.core.v1.Pod`. */
export function definition(name: string): OpenApiNode | undefined {
  return FILE.get(name)
}

/** @param name of a definition that is there */
export function schemaNamed(name: string): Schema {
  const known = schemas.get(name)
  if (known !== undefined) return known
  const node = definition(name)
  assert(node !== undefined, () => `no definition ${name}`)
  const schema = new Schema(node, resolveReference)
  schemas.set(name, schema)
  return schema
}

export const resolveReference: Resolver = reference => definition(referenceName(reference))

/** The definition that `#/components/schemas/<name>` names. */
export function referenceName(reference: string): string {
  return reference.slice(REFERENCE.length)
}
