import type { Clock, Timer } from '../../base/index.ts'
import { ApiError, type ObjectStore } from '../cluster/index.ts'

/** How long a request for a future version is kept waiting. Kubernetes: 3 s. */
const WAIT_MS = 3000
const RETRY_AFTER_S = 1

/**
 * Waits until the store has reached `resourceVersion`: clients of a server that was restarted, or of several servers, may
 * know more than this one.
 *
 * @throws ApiError Timeout with the cause ResourceVersionTooLarge after 3 s, upon which clients list anew.
 */
export function waitUntilFresh(clock: Clock, store: ObjectStore, resourceVersion: number): Promise<void> {
  if (resourceVersion <= store.resourceVersion) return Promise.resolve()
  return new Promise((resolve, reject) => {
    let timer: Timer | undefined
    const unsubscribe = store.subscribe(event => {
      if (event.resourceVersion < resourceVersion) return
      timer?.cancel()
      unsubscribe()
      resolve()
    })
    timer = clock.schedule(WAIT_MS, () => {
      unsubscribe()
      reject(tooLarge(resourceVersion, store.resourceVersion))
    })
  })
}

function tooLarge(wanted: number, current: number): ApiError {
  return new ApiError('Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: RETRY_AFTER_S,
  })
}
