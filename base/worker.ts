import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Starts a worker thread from compiled JavaScript.
 *
 * `url` is `new URL('./x.worker.js', import.meta.url)`: the compiler does not rewrite that string, so it names the
 * compiled file. A worker that throws ends with an `error` event; the owner must listen for it.
 */
export function spawnWorker(url: URL, options: WorkerOptions = {}): Worker {
  return new Worker(url, options)
}
