import { CustomResourceDefinitions, FieldErrors, type KubeObject } from '../../cluster/index.ts'
import { Schema, resolveReference, type OpenApiNode } from '../../schema/index.ts'
import type { CustomResourceDefinition } from './definition.ts'

const SCOPES = ['Cluster', 'Namespaced']
const NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/
const DEEPEST = 64

/** Fills in what Kubernetes fills in, in place. */
export function defaultDefinition(object: KubeObject): void {
  const { spec } = object as Partial<CustomResourceDefinition>
  if (spec?.names === undefined) return
  const { names } = spec
  names.singular ??= names.kind?.toLowerCase()
  names.listKind ??= `${names.kind}List`
  spec.conversion ??= { strategy: 'None' }
}

/**
 * Judges a definition: names, versions, and that the schemas can be read.
 *
 * @throws ApiError Invalid
 */
export function validateDefinition(object: KubeObject): void {
  const errors = new FieldErrors()
  const { spec } = object as Partial<CustomResourceDefinition>
  const { group = '', names, scope, versions = [], conversion } = spec ?? {}
  const { plural = '', kind = '' } = names ?? {}
  if (group === '') errors.required('spec.group')
  else if (!group.includes('.')) errors.invalid('spec.group', group, 'should be a domain with at least one dot')
  if (plural === '') errors.required('spec.names.plural')
  if (kind === '') errors.required('spec.names.kind')
  if (!SCOPES.includes(scope ?? '')) errors.notSupported('spec.scope', scope, SCOPES)
  if (conversion !== undefined && conversion.strategy !== 'None') {
    // Webhooks are for real clusters.
    errors.notSupported('spec.conversion.strategy', conversion.strategy, ['None'])
  }
  const name = object.metadata?.name ?? ''
  if (name !== `${plural}.${group}`) errors.invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group')
  const stored = versions.filter(version => version.storage)
  if (stored.length !== 1) {
    errors.invalid(
      'spec.versions',
      versions.map(version => version.name),
      'must have exactly one version marked as storage version',
    )
  }
  const seen = new Set<string>()
  for (const [i, version] of versions.entries()) {
    const path = `spec.versions[${i}]`
    if (!NAME.test(version.name)) errors.invalid(`${path}.name`, version.name, 'a DNS-1035 label')
    if (seen.has(version.name)) errors.duplicate(`${path}.name`, version.name)
    seen.add(version.name)
    const node = version.schema?.openAPIV3Schema
    if (node === undefined) errors.required(`${path}.schema.openAPIV3Schema`, 'schemas are required')
    else checkNode(`${path}.schema.openAPIV3Schema`, node, errors, 0)
  }
  errors.throwIfAny(CustomResourceDefinitions, name)
}

/** Structural: every node says its type, and lists with keys name fields that their items have. */
function checkNode(path: string, node: OpenApiNode, errors: FieldErrors, depth: number): void {
  if (depth > DEEPEST) {
    errors.invalid(path, '…', `must not be nested deeper than ${DEEPEST}`)
    return
  }
  const isOpen = node['x-kubernetes-int-or-string'] === true || node['x-kubernetes-preserve-unknown-fields'] === true
  if (node.type === undefined && !isOpen) {
    errors.required(
      `${path}.type`,
      depth === 0 ? 'must not be empty at the root' : 'must not be empty for specified object fields',
    )
  }
  if (depth === 0 && node.type !== undefined && node.type !== 'object') {
    errors.invalid(`${path}.type`, node.type, 'must be object at the root')
  }
  const keys = node['x-kubernetes-list-map-keys'] ?? []
  if (node['x-kubernetes-list-type'] === 'map' && keys.length === 0) {
    errors.required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map')
  }
  const items = node.items === undefined ? undefined : new Schema(node.items, resolveReference)
  for (const key of keys) {
    if (items?.field(key) === undefined) {
      errors.invalid(`${path}.x-kubernetes-list-map-keys`, key, 'entries must all be names of item properties')
    }
  }
  for (const [name, property] of Object.entries(node.properties ?? {})) {
    // The server knows better what meta data is.
    if (depth === 0 && (name === 'metadata' || name === 'apiVersion' || name === 'kind')) continue
    checkNode(`${path}.properties[${name}]`, property, errors, depth + 1)
  }
  if (node.items !== undefined) checkNode(`${path}.items`, node.items, errors, depth + 1)
  if (typeof node.additionalProperties === 'object') {
    checkNode(`${path}.additionalProperties`, node.additionalProperties, errors, depth + 1)
  }
}
