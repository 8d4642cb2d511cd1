import type { Ingress, IngressRule } from 'kubernetes-types/networking/v1.js'
import { attachNamespace } from './attached-metadata.ts'
import { addObjectMeta, type MetaLabels, NAMESPACE, PREFIX } from './meta-labels.ts'
import type { Role } from './role.ts'

/** Role `ingress`: a target for each path of each rule, mostly for probing from outside. */
export const ingressRole: Role<Ingress> = {
  resource: 'ingresses',
  needs: [],
  sourcePrefix: 'ingress',

  references: ingress => [{ resource: 'namespaces', key: ingress.metadata?.namespace ?? '' }],

  build(ingress, stores) {
    const namespace = ingress.metadata?.namespace ?? ''
    const labels: MetaLabels = { [NAMESPACE]: namespace }
    const className = ingress.spec?.ingressClassName
    if (className !== undefined) labels[`${PREFIX}ingress_class_name`] = className
    addObjectMeta(labels, ingress.metadata, 'ingress')
    attachNamespace(labels, namespace, stores)
    const tlsHosts = (ingress.spec?.tls ?? []).flatMap(tls => tls.hosts ?? [])
    const targets = (ingress.spec?.rules ?? []).flatMap(rule => ruleTargets(rule, tlsHosts))
    return { labels, targets }
  },
}

function ruleTargets(rule: IngressRule, tlsHosts: readonly string[]): MetaLabels[] {
  const host = rule.host ?? ''
  const scheme = tlsHosts.some(pattern => matchesHost(pattern, host)) ? 'https' : 'http'
  const paths = rule.http === undefined ? ['/'] : (rule.http.paths ?? []).map(path => path.path || '/')
  return paths.map(path => ({
    __address__: host,
    [`${PREFIX}ingress_scheme`]: scheme,
    [`${PREFIX}ingress_host`]: host,
    [`${PREFIX}ingress_path`]: path,
  }))
}

/** `*` stands for exactly one first element of the name. */
function matchesHost(pattern: string, host: string): boolean {
  if (pattern === host) return true
  const [first, ...rest] = pattern.split('.')
  const [hostFirst = '', ...hostRest] = host.split('.')
  return first === '*' && hostFirst !== '' && rest.length > 0 && rest.join('.') === hostRest.join('.')
}
