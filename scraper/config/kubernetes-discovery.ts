import { HTTP_CLIENT_FIELDS, readHttpClient, resolveFile } from './http-client.ts'
import type { KubernetesDiscoveryConfig, KubernetesRole, KubernetesSelector } from './types.ts'
import { KUBERNETES_ROLES } from './types.ts'
import type { Cursor } from './yaml-reader.ts'

const SELECTOR_ROLES: Readonly<Record<KubernetesRole, readonly KubernetesRole[]>> = {
  pod: ['pod', 'node'],
  service: ['service'],
  endpoints: ['pod', 'service', 'endpoints'],
  endpointslice: ['pod', 'service', 'endpointslice'],
  node: ['node'],
  ingress: ['ingress'],
}

/** Reads one entry of `kubernetes_sd_configs`. */
export function readKubernetesDiscovery(at: Cursor, baseDir: string): KubernetesDiscoveryConfig | undefined {
  if (at.isNull) return at.fault('empty or null section in kubernetes_sd_configs')
  return at.asFields(fields => {
    const roleAt = fields.find('role')
    if (roleAt === undefined) at.fault(`role missing (one of: ${KUBERNETES_ROLES.join(', ')})`)
    const role = roleAt?.asOneOf(KUBERNETES_ROLES, 'Kubernetes SD role')
    const apiServer = fields.take('api_server', readApiServer, undefined)
    const hasApiServer = fields.find('api_server') !== undefined
    const kubeconfigFile = resolveFile(fields.string('kubeconfig_file'), baseDir) || undefined
    const isCustomHttp = HTTP_CLIENT_FIELDS.some(name => fields.find(name) !== undefined)
    if (hasApiServer && kubeconfigFile !== undefined) {
      at.fault("cannot use 'kubeconfig_file' and 'api_server' simultaneously")
    }
    if (kubeconfigFile !== undefined && isCustomHttp) {
      at.fault("cannot use a custom HTTP client configuration together with 'kubeconfig_file'")
    }
    if (kubeconfigFile === undefined && !hasApiServer && isCustomHttp) {
      at.fault("to use custom HTTP client configuration please provide the 'api_server' URL explicitly")
    }
    const scope = fields.take('namespaces', readNamespaces, { ownNamespace: false, names: [] })
    if (scope.ownNamespace && hasApiServer) {
      at.fault("cannot use 'api_server' and 'namespaces.own_namespace' simultaneously")
    }
    if (scope.ownNamespace && kubeconfigFile !== undefined) {
      at.fault("cannot use 'kubeconfig_file' and 'namespaces.own_namespace' simultaneously")
    }
    const selectors = fields.take('selectors', list => readSelectors(list, role), [])
    const attach = fields.take('attach_metadata', readAttach, { node: false, namespace: false })
    const http = readHttpClient(fields, baseDir)
    if (role === undefined) return undefined
    return {
      kind: 'kubernetes',
      role,
      apiServer,
      kubeconfigFile,
      http,
      ownNamespace: scope.ownNamespace,
      namespaces: scope.names,
      selectors,
      attachNode: attach.node,
      attachNamespace: attach.namespace,
    }
  })
}

function readApiServer(at: Cursor): string | undefined {
  const text = at.asString()
  if (text === undefined) return undefined
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text)) {
    return at.fault(`${JSON.stringify(text)} is not the URL of an API server; write it like https://10.0.0.1:6443`)
  }
  return text.replace(/\/+$/, '')
}

function readNamespaces(at: Cursor): { ownNamespace: boolean; names: readonly string[] } | undefined {
  return at.asFields(fields => ({
    ownNamespace: fields.bool('own_namespace', false),
    names: fields.take('names', list => list.asStringList(), []),
  }))
}

function readAttach(at: Cursor): { node: boolean; namespace: boolean } | undefined {
  return at.asFields(fields => {
    for (const name of ['deployment', 'job', 'cronjob']) {
      const value = fields.find(name)
      if (value?.asBool() === true) value.fault(`attach_metadata.${name} is not supported by this scraper`)
    }
    return { node: fields.bool('node', false), namespace: fields.bool('namespace', false) }
  })
}

function readSelectors(at: Cursor, role: KubernetesRole | undefined): KubernetesSelector[] | undefined {
  const seen = new Set<KubernetesRole>()
  return at.asList(element =>
    element.asFields(fields => {
      const own = fields.find('role')?.asOneOf(KUBERNETES_ROLES, 'Kubernetes SD role')
      const label = fields.string('label')
      const field = fields.string('field')
      if (own === undefined) {
        if (fields.find('role') === undefined) element.fault('selector without a role')
        return undefined
      }
      if (seen.has(own)) element.fault(`duplicated selector role: ${own}`)
      seen.add(own)
      if (role !== undefined && !SELECTOR_ROLES[role].includes(own)) {
        element.fault(`${role} role supports only ${SELECTOR_ROLES[role].join(', ')} selectors`)
      }
      if (!isFieldSelector(field))
        element.fault(`${JSON.stringify(field)} is not a field selector; write it like a.b=c,d!=e`)
      if (!isLabelSelector(label)) {
        element.fault(`${JSON.stringify(label)} is not a label selector; write it like a=b,c!=d,e in (f,g),!h`)
      }
      return { role: own, label, field }
    }),
  )
}

function isFieldSelector(text: string): boolean {
  return text === '' || text.split(',').every(term => /^[^=!\s]+\s*(?:==|=|!=)\s*[^=!]*$/.test(term.trim()))
}

const KEY = String.raw`[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?`
const REQUIREMENT = new RegExp(
  String.raw`^(?:!\s*${KEY}|${KEY}(?:\s*(?:==?|!=)\s*[\w.-]*|\s+(?:not)?in\s*\([^()]*\)|\s*[<>]\s*\d+)?)$`,
)

/** The grammar of Kubernetes' label selectors, roughly; the API server has the last word. */
function isLabelSelector(text: string): boolean {
  // Commas inside parentheses belong to their set.
  return text.trim() === '' || text.split(/,(?![^(]*\))/).every(term => REQUIREMENT.test(term.trim()))
}
