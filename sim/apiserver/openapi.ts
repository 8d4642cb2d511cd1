import { apiVersionOf, type Catalogue, type ResourceType } from '../cluster/index.ts'
import { KUBERNETES_VERSION } from './version.ts'

/**
 * OpenAPI v3, as far as kubectl needs it to write: it looks up whether PATCH of a kind takes `fieldValidation`, and then
 * leaves the validation to the server. Without schemas, client-side apply falls back to kubectl's own types.
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
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: KUBERNETES_VERSION.gitVersion },
    paths: Object.fromEntries(types.map(type => [`/${path}/${itemPath(type)}`, { patch: patchOperation(type) }])),
    components: { schemas: {} },
  }
}

function patchOperation(type: ResourceType): object {
  const { group, version, kind } = type
  return {
    description: `partially update the specified ${kind}`,
    parameters: ['dryRun', 'fieldManager', 'fieldValidation'].map(name => ({
      name,
      in: 'query',
      schema: { type: 'string', uniqueItems: true },
    })),
    responses: { '200': { description: 'OK' } },
    'x-kubernetes-action': 'patch',
    'x-kubernetes-group-version-kind': { group, version, kind },
  }
}

function itemPath({ namespaced, plural }: ResourceType): string {
  return namespaced ? `namespaces/{namespace}/${plural}/{name}` : `${plural}/{name}`
}

function pathOf(groupVersion: string): string {
  return groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`
}
