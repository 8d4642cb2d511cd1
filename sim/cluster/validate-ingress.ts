import { isIP } from 'node:net'
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressClassParametersReference,
} from 'kubernetes-types/networking/v1.js'
import { checkPort, isEmpty, oneOf } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'
import {
  dns1035LabelFault,
  dnsLabelFault,
  dnsSubdomainFault,
  pathSegmentFault,
  portNameFault,
  wildcardSubdomainFault,
} from './names.ts'

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']
const BAD_IN_PATHS = ['//', '/./', '/../', '%2f', '%2F']
const BAD_AT_END = ['/..', '/.']
const CONTROLLER_LENGTH_MAX = 250
const URL_PATH = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/

export function validateIngress({ spec }: Ingress, errors: FieldErrors): void {
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec ?? {}
  if (rules.length === 0 && defaultBackend === undefined) {
    errors.invalid('spec', rules, 'either `defaultBackend` or `rules` must be specified')
  }
  if (defaultBackend !== undefined) validateBackend('spec.defaultBackend', defaultBackend, errors)
  for (const [i, { host, http }] of rules.entries()) {
    const path = `spec.rules[${i}]`
    if (!isEmpty(host)) {
      if (isIP(host!) !== 0) errors.invalid(`${path}.host`, host, 'must be a DNS name, not an IP address')
      checkHost(`${path}.host`, host!, errors)
    }
    if (http === undefined) continue
    const paths = http.paths ?? []
    if (paths.length === 0) errors.required(`${path}.http.paths`)
    for (const [j, entry] of paths.entries()) validatePath(`${path}.http.paths[${j}]`, entry, errors)
  }
  for (const [i, { hosts, secretName }] of tls.entries()) {
    for (const [j, host] of (hosts ?? []).entries()) checkHost(`spec.tls[${i}].hosts[${j}]`, host, errors)
    if (!isEmpty(secretName)) errors.check(`spec.tls[${i}].secretName`, secretName!, dnsSubdomainFault)
  }
  if (ingressClassName !== undefined) errors.check('spec.ingressClassName', ingressClassName, dnsSubdomainFault)
}

/** The old annotation and the field must not contradict each other in a new ingress; later they may. */
export function validateNewIngress({ metadata, spec }: Ingress, errors: FieldErrors): void {
  const key = 'kubernetes.io/ingress.class'
  const annotation = metadata?.annotations?.[key]
  if (annotation === undefined || spec?.ingressClassName === undefined || annotation === spec.ingressClassName) return
  errors.invalid(`annotations.${key}`, annotation, 'must match `ingressClassName` when both are specified')
}

function checkHost(path: string, host: string, errors: FieldErrors): void {
  errors.check(path, host, host.includes('*') ? wildcardSubdomainFault : dnsSubdomainFault)
}

function validatePath(
  path: string,
  { path: text = '', pathType, backend }: HTTPIngressPath,
  errors: FieldErrors,
): void {
  if (pathType === undefined) {
    errors.required(`${path}.pathType`, 'pathType must be specified')
    return
  }
  const isAbsolute = text.startsWith('/')
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!isAbsolute) errors.invalid(`${path}.path`, text, 'must be an absolute path')
    for (const bad of BAD_IN_PATHS) {
      if (text.includes(bad)) errors.invalid(`${path}.path`, text, `must not contain '${bad}'`)
    }
    for (const bad of BAD_AT_END) {
      if (text.endsWith(bad)) errors.invalid(`${path}.path`, text, `cannot end with '${bad}'`)
    }
  } else if (pathType !== 'ImplementationSpecific') {
    errors.notSupported(`${path}.pathType`, pathType, PATH_TYPES)
  } else if (text !== '' && !isAbsolute) {
    errors.invalid(`${path}.path`, text, 'must be an absolute path')
  }
  validateBackend(`${path}.backend`, backend ?? {}, errors)
}

function validateBackend(path: string, { resource, service }: IngressBackend, errors: FieldErrors): void {
  if (resource !== undefined && service !== undefined) {
    errors.invalid(path, '', 'cannot set both resource and service backends')
  } else if (resource !== undefined) {
    validateReference(`${path}.resource`, resource, errors)
  } else if (service === undefined) {
    errors.invalid(path, '', 'resource or service backend is required')
  } else {
    if (isEmpty(service.name)) errors.required(`${path}.service.name`)
    else errors.check(`${path}.service.name`, service.name, dns1035LabelFault)
    const { name = '', number = 0 } = service.port ?? {}
    if (name !== '' && number !== 0) errors.invalid(path, '', 'cannot set both port name & port number')
    else if (name !== '') errors.check(`${path}.service.port.name`, name, portNameFault)
    else if (number !== 0) checkPort(`${path}.service.port.number`, number, errors)
    else errors.required(path, 'port name or number is required')
  }
}

export function validateIngressClass({ spec }: IngressClass, errors: FieldErrors): void {
  const controller = spec?.controller ?? ''
  if (controller.length > CONTROLLER_LENGTH_MAX) errors.tooLong('spec.controller', CONTROLLER_LENGTH_MAX)
  checkDomainPath('spec.controller', controller, errors)
  const parameters = spec?.parameters
  if (parameters === undefined) return
  const path = 'spec.parameters'
  validateReference(path, parameters, errors)
  const { scope, namespace } = parameters
  if (scope === undefined) errors.required(`${path}.scope`)
  else oneOf(`${path}.scope`, scope, ['Cluster', 'Namespace'], errors)
  if (scope === 'Namespace') {
    if (namespace === undefined) errors.required(`${path}.namespace`, "`parameters.scope` is set to 'Namespace'")
    else errors.check(`${path}.namespace`, namespace, dnsLabelFault)
  } else if (scope === 'Cluster' && namespace !== undefined) {
    errors.forbidden(`${path}.namespace`, "`parameters.scope` is set to 'Cluster'")
  }
}

type Reference = Pick<IngressClassParametersReference, 'apiGroup' | 'kind' | 'name'>

function validateReference(path: string, ref: Reference, errors: FieldErrors): void {
  if (ref.apiGroup !== undefined) errors.check(`${path}.apiGroup`, ref.apiGroup, dnsSubdomainFault)
  for (const field of ['kind', 'name'] as const) {
    if (isEmpty(ref[field])) errors.required(`${path}.${field}`)
    else errors.check(`${path}.${field}`, ref[field], pathSegmentFault)
  }
}

/** `acme.io/foo` */
function checkDomainPath(path: string, value: string, errors: FieldErrors): void {
  if (value === '') {
    errors.required(path)
    return
  }
  const slash = value.indexOf('/')
  const [host, rest] = [value.slice(0, Math.max(slash, 0)), value.slice(slash + 1)]
  if (host === '' || rest === '') {
    errors.invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')
    return
  }
  errors.check(path, host, dnsSubdomainFault)
  if (!URL_PATH.test(rest)) {
    const regex = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"
    errors.invalid(path, rest, `Invalid path (regex used for validation is '${regex}')`)
  }
}
