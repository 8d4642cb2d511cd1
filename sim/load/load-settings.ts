import { amountOf } from '../cluster/index.ts'

/**
 * What a pod costs, as annotations of its template say. All are optional; quantities are written as in Kubernetes.
 *
 * | annotation                          | default           | meaning                                                       |
 * | ----------------------------------- | ----------------- | ------------------------------------------------------------- |
 * | `churnbench.io/load-rps`            | none              | requests per second that the workload as a whole is offered   |
 * | `churnbench.io/load-container`      | the first         | container that serves them; all others idle                   |
 * | `churnbench.io/cpu-per-request`     | `1m`              | CPU seconds that a request takes: `5m` is five milliseconds   |
 * | `churnbench.io/cpu-idle`            | `2m`              | cores that each container uses all the time                   |
 * | `churnbench.io/memory-base`         | `48Mi`            | bytes of each container                                       |
 * | `churnbench.io/memory-per-request`  | `64Ki`            | bytes for each request per second                             |
 *
 * A value that cannot be read or is negative counts as its default. Limits do not throttle.
 */
export interface LoadSettings {
  readonly container: string | undefined
  readonly cpuSecondsPerRequest: number
  readonly idleCores: number
  readonly memoryBaseBytes: number
  /** Per request per second. */
  readonly memoryBytesPerRps: number
}

type Annotations = Readonly<Record<string, string>> | undefined

const PREFIX = 'churnbench.io/'
const NAMES = ['load-container', 'cpu-per-request', 'cpu-idle', 'memory-base', 'memory-per-request'].map(
  name => PREFIX + name,
)
const DEFAULTS: LoadSettings = {
  container: undefined,
  cpuSecondsPerRequest: 0.001,
  idleCores: 0.002,
  memoryBaseBytes: 48 * 2 ** 20,
  memoryBytesPerRps: 64 * 2 ** 10,
}

/** Most pods say nothing, and share the defaults. */
export function loadSettings(annotations: Annotations): LoadSettings {
  if (annotations === undefined || !NAMES.some(name => name in annotations)) return DEFAULTS
  const read = (name: string, fallback: number): number => amount(annotations[PREFIX + name]) ?? fallback
  return {
    container: annotations[`${PREFIX}load-container`],
    cpuSecondsPerRequest: read('cpu-per-request', DEFAULTS.cpuSecondsPerRequest),
    idleCores: read('cpu-idle', DEFAULTS.idleCores),
    memoryBaseBytes: read('memory-base', DEFAULTS.memoryBaseBytes),
    memoryBytesPerRps: read('memory-per-request', DEFAULTS.memoryBytesPerRps),
  }
}

/** The load that a workload is offered by its template; `undefined` where it does not say. */
export function offeredRps(annotations: Annotations): number | undefined {
  return amount(annotations?.[`${PREFIX}load-rps`])
}

function amount(text: string | undefined): number | undefined {
  const value = amountOf(text)
  return value !== undefined && value >= 0 ? value : undefined
}
