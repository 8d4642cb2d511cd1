import type { Pod } from 'kubernetes-types/core/v1.js'
import { parseDuration } from '../../base/index.ts'
import { controllerOf } from '../informers/index.ts'
import type { ContainerKind } from './pod-containers.ts'

/**
 * How a simulated container behaves, said by annotations of its pod. A duration is written `30s`, `1m30s`, `500ms`.
 *
 * | annotation `churnbench.io/…` | meaning | unless said |
 * |---|---|---|
 * | `run-for` | the container ends by itself after this long | runs on; pods of a Job 10 s; init containers 1 s |
 * | `exit-code` | with this code; a list `1,1,0` is for runs one after the other, the last one for all that follow | 0 |
 * | `image-pull` | `fail`: the image cannot be pulled; a duration: that is how long it takes | the cluster's pull model |
 * | `healthy-after` | probes fail until this long after the start | 0s |
 * | `unready-after` | the readiness probe fails from this long after the start | never |
 * | `unready-for` | and succeeds again this much later, and so on in turn: flapping | fails for good |
 * | `not-live-after` | the liveness probe fails from this long after the start | never |
 * | `stop-after` | from SIGTERM to the end | the cluster's `terminate` timing |
 * | `pre-stop` | how long a preStop hook of kind exec or httpGet takes | 0s |
 *
 * Images of the registry `unavailable.churnbench.io` cannot be pulled either.
 *
 * `run-for` and `exit-code` speak of the pod's own containers; all may be said of one container of any kind, by a suffix:
 * `churnbench.io/run-for.migrate`. They may be changed while the pod lives. One that cannot be read is as if it were absent.
 */
export const BEHAVIOUR_PREFIX = 'churnbench.io/'

/** With `.container`: what that container runs, where it is not just a page of metrics. */
export const RUNS_ANNOTATION = `${BEHAVIOUR_PREFIX}runs`

export const UNAVAILABLE_REGISTRY = 'unavailable.churnbench.io/'

const BEHAVIOURS = [
  'run-for',
  'exit-code',
  'image-pull',
  'healthy-after',
  'unready-after',
  'unready-for',
  'not-live-after',
  'stop-after',
  'pre-stop',
] as const

export interface Behaviour {
  /** `undefined`: until it is stopped. */
  readonly runForMs: number | undefined
  /** Of consecutive runs; never empty. */
  readonly exitCodes: readonly number[]
  readonly imagePull: 'fail' | number | undefined
  readonly healthyAfterMs: number
  readonly unreadyAfterMs: number | undefined
  readonly unreadyForMs: number | undefined
  readonly notLiveAfterMs: number | undefined
  readonly stopAfterMs: number | undefined
  readonly preStopMs: number
}

const JOB_RUNS_MS = 10_000
const INIT_RUNS_MS = 1000

/** The behaviour of one container. */
export function behaviourOf(pod: Pod, kind: ContainerKind, name: string): Behaviour {
  const annotations = pod.metadata?.annotations ?? {}
  const said = (what: (typeof BEHAVIOURS)[number], ownOnly = false): string | undefined =>
    annotations[`${BEHAVIOUR_PREFIX}${what}.${name}`] ?? (ownOnly ? undefined : annotations[BEHAVIOUR_PREFIX + what])
  const ownOnly = kind !== 'main'
  const runForMs = durationMs(said('run-for', ownOnly))
  const imagePull = said('image-pull')
  return {
    runForMs: runForMs ?? (kind === 'init' ? INIT_RUNS_MS : kind === 'main' && isOfJob(pod) ? JOB_RUNS_MS : undefined),
    exitCodes: exitCodes(said('exit-code', ownOnly)),
    imagePull: imagePull === 'fail' ? 'fail' : durationMs(imagePull),
    healthyAfterMs: durationMs(said('healthy-after')) ?? 0,
    unreadyAfterMs: durationMs(said('unready-after')),
    unreadyForMs: durationMs(said('unready-for')),
    notLiveAfterMs: durationMs(said('not-live-after')),
    stopAfterMs: durationMs(said('stop-after')),
    preStopMs: durationMs(said('pre-stop')) ?? 0,
  }
}

/**
 * Whether the pod's containers have lives of their own. All others, which are nearly all, are played as one: they start
 * together, become ready together and run until the pod is deleted.
 */
export function isDetailed(pod: Pod): boolean {
  const { spec, metadata } = pod
  if ((spec?.initContainers?.length ?? 0) > 0 || (spec?.readinessGates?.length ?? 0) > 0) return true
  if (spec?.activeDeadlineSeconds !== undefined) return true
  for (const { readinessProbe, livenessProbe, startupProbe, lifecycle, image } of spec?.containers ?? []) {
    if (readinessProbe ?? livenessProbe ?? startupProbe ?? lifecycle?.preStop) return true
    if (image?.startsWith(UNAVAILABLE_REGISTRY) === true) return true
  }
  for (const name in metadata?.annotations) {
    if (saysBehaviour(name)) return true
    // A program may end by itself.
    if (metadata.annotations[name] === 'process' && name.startsWith(`${RUNS_ANNOTATION}.`)) return true
  }
  return isOfJob(pod)
}

function saysBehaviour(annotation: string): boolean {
  if (!annotation.startsWith(BEHAVIOUR_PREFIX)) return false
  const what = annotation.slice(BEHAVIOUR_PREFIX.length).split('.')[0]
  return (BEHAVIOURS as readonly string[]).includes(what ?? '')
}

function isOfJob(pod: Pod): boolean {
  return controllerOf(pod)?.kind === 'Job'
}

function durationMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  try {
    return Math.round(parseDuration(text))
  } catch {
    return undefined
  }
}

function exitCodes(text: string | undefined): number[] {
  const codes = (text ?? '0').split(',').map(code => Number(code.trim()))
  return codes.every(code => Number.isInteger(code) && code >= 0 && code < 256) ? codes : [0]
}
