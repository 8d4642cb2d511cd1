import type { Container, LifecycleHandler, Probe } from 'kubernetes-types/core/v1.js'
import { checkPort, checkPortOrName, nonNegative, oneOf } from './field-checks.ts'
import type { FieldErrors } from './field-errors.ts'

const SCHEMES = ['HTTP', 'HTTPS']
const HEADER_NAME = /^[-A-Za-z0-9]+$/

/** Probes and hooks of a container. `graceS` is the grace period of its pod, which bounds how long a hook may sleep. */
export function validateProbesAndHooks(path: string, container: Container, graceS: number, errors: FieldErrors): void {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container
  for (const hook of ['postStart', 'preStop'] as const) {
    if (lifecycle?.[hook] !== undefined) validateHandler(`${path}.lifecycle.${hook}`, lifecycle[hook], graceS, errors)
  }
  if (livenessProbe !== undefined) {
    validateProbe(`${path}.livenessProbe`, livenessProbe, graceS, errors)
    onlyOneSuccess(`${path}.livenessProbe`, livenessProbe, errors)
  }
  if (readinessProbe !== undefined) {
    validateProbe(`${path}.readinessProbe`, readinessProbe, graceS, errors)
    if (readinessProbe.terminationGracePeriodSeconds !== undefined) {
      errors.invalid(
        `${path}.readinessProbe.terminationGracePeriodSeconds`,
        readinessProbe.terminationGracePeriodSeconds,
        'must not be set for readinessProbes',
      )
    }
  }
  if (startupProbe !== undefined) {
    validateProbe(`${path}.startupProbe`, startupProbe, graceS, errors)
    onlyOneSuccess(`${path}.startupProbe`, startupProbe, errors)
  }
}

/** Init containers that end have neither. */
export function forbidProbesAndHooks(path: string, container: Container, errors: FieldErrors): void {
  for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (container[field] !== undefined) {
      errors.forbidden(`${path}.${field}`, 'may not be set for init containers without restartPolicy=Always')
    }
  }
}

function validateProbe(path: string, probe: Probe, graceS: number, errors: FieldErrors): void {
  validateHandler(path, probe, graceS, errors)
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    nonNegative(`${path}.${field}`, probe[field], errors)
  }
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0) {
    errors.invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than 0')
  }
}

function onlyOneSuccess(path: string, { successThreshold }: Probe, errors: FieldErrors): void {
  if (successThreshold !== 1) errors.invalid(`${path}.successThreshold`, successThreshold, 'must be 1')
}

type Handler = LifecycleHandler & Pick<Probe, 'grpc'>

/** Exactly one way to ask; only the first of several is looked at. */
function validateHandler(path: string, handler: Handler, graceS: number, errors: FieldErrors): void {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler
  let found = false
  const first = (field: keyof Handler): boolean => {
    if (handler[field] === undefined) return false
    if (found) errors.forbidden(`${path}.${field}`, 'may not specify more than 1 handler type')
    const isFirst = !found
    found = true
    return isFirst
  }
  if (first('exec') && (exec?.command ?? []).length === 0) errors.required(`${path}.exec.command`)
  if (first('httpGet') && httpGet !== undefined) {
    checkPortOrName(`${path}.httpGet.port`, httpGet.port, errors)
    oneOf(`${path}.httpGet.scheme`, httpGet.scheme, SCHEMES, errors)
    for (const { name } of httpGet.httpHeaders ?? []) {
      if (HEADER_NAME.test(name ?? '')) continue
      errors.invalid(
        `${path}.httpGet.httpHeaders`,
        name ?? '',
        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
      )
    }
  }
  if (first('tcpSocket')) checkPortOrName(`${path}.tcpSocket.port`, tcpSocket?.port, errors)
  if (first('grpc')) checkPort(`${path}.grpc.port`, grpc?.port ?? 0, errors)
  if (first('sleep') && sleep !== undefined && (sleep.seconds < 0 || sleep.seconds > graceS)) {
    errors.invalid(
      `${path}.sleep`,
      sleep.seconds,
      `must be non-negative and less than terminationGracePeriodSeconds (${graceS})`,
    )
  }
  if (!found) errors.required(path, 'must specify a handler type')
}
