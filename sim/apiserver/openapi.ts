import { apiVersionOf, type Catalogue, type ResourceType } from '../cluster/index.ts'
import { definition, definitionOfKind, type OpenApiNode, referenceName } from '../schema/index.ts'
import { schemaOf } from './schemas.ts'
import { KUBERNETES_VERSION } from './version.ts'

/** Bodies of subresources, which kubectl looks up too. */
const SUBRESOURCE_KINDS: readonly (readonly [group: string, version: string, kind: string])[] = [
  ['autoscaling', 'v1', 'Scale'],
  ['policy', 'v1', 'Eviction'],
  ['', 'v1', 'Binding'],
]
const METHODS = [
  ['get', 'get'],
  ['put', 'put'],
  ['patch', 'patch'],
  ['delete', 'delete'],
] as const

/**
 * OpenAPI v3 as a real server publishes it, as far as clients read it: the schemas with their documentation, and for each
 * kind its paths and methods. kubectl takes `explain` from it, how lists are merged by `apply`, and whether a PATCH takes
 * `fieldValidation`.
 */
export function openApiRoot(resources: Catalogue): object {
  const groupVersions = [...new Set(resources.all().map(apiVersionOf))]
  return {
    paths: Object.fromEntries(
      groupVersions.map(version => [pathOf(version), { serverRelativeURL: `/openapi/v3/${pathOf(version)}` }]),
    ),
  }
}

/** `/openapi/v3/{path}`, or `undefined` for a group version that we do not have. */
export function openApiOf(resources: Catalogue, path: string): object | undefined {
  const types = resources.all().filter(type => pathOf(apiVersionOf(type)) === path)
  if (types.length === 0) return undefined
  const schemas = new Map<string, OpenApiNode>()
  for (const type of types) {
    if (type.isCustom) addCustom(type, schemas)
    else addDefinition(definitionOfKind(type.group, type.version, type.kind), schemas)
  }
  addDefinition(definitionOfKind('', 'v1', 'DeleteOptions'), schemas)
  for (const [group, version, kind] of SUBRESOURCE_KINDS) {
    if (types.some(type => type.group === group && type.version === version)) {
      addDefinition(definitionOfKind(group, version, kind), schemas)
    }
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: KUBERNETES_VERSION.gitVersion },
    paths: Object.fromEntries(types.flatMap(type => pathsOf(type, path))),
    components: { schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))) },
  }
}

/** A definition, and all that it refers to. */
function addDefinition(name: string, out: Map<string, OpenApiNode>): void {
  if (out.has(name)) return
  const node = definition(name)
  if (node === undefined) return
  out.set(name, node)
  addReferences(node, out)
}

function addReferences(node: OpenApiNode, out: Map<string, OpenApiNode>): void {
  if (node.$ref !== undefined) addDefinition(referenceName(node.$ref), out)
  for (const part of [...(node.allOf ?? []), ...(node.oneOf ?? [])]) addReferences(part, out)
  for (const property of Object.values(node.properties ?? {})) addReferences(property, out)
  if (node.items !== undefined) addReferences(node.items, out)
  if (typeof node.additionalProperties === 'object') addReferences(node.additionalProperties, out)
}

function addCustom(type: ResourceType, out: Map<string, OpenApiNode>): void {
  const { group, version, kind } = type
  const name = `${group.split('.').toReversed().join('.')}.${version}.${kind}`
  const node = { ...schemaOf(type).node, 'x-kubernetes-group-version-kind': [{ group, version, kind }] }
  out.set(name, node)
  addReferences(node, out)
}

function pathsOf(type: ResourceType, prefix: string): [string, object][] {
  const collection = type.namespaced ? `/${prefix}/namespaces/{namespace}/${type.plural}` : `/${prefix}/${type.plural}`
  const operations = METHODS.map(([method, action]) => [method, operation(type, action)])
  return [
    [collection, { get: operation(type, 'list'), post: operation(type, 'post') }],
    [`${collection}/{name}`, Object.fromEntries(operations)],
  ]
}

function operation({ group, version, kind }: ResourceType, action: string): object {
  const writes = action === 'post' || action === 'put' || action === 'patch'
  const names = action === 'patch' ? [...WRITE_PARAMETERS, 'force'] : writes ? WRITE_PARAMETERS : []
  return {
    parameters: names.map(name => ({
      name,
      in: 'query',
      schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
    })),
    responses: { '200': { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  }
}

const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation']

function pathOf(groupVersion: string): string {
  return groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`
}
