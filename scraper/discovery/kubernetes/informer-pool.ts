import type { Clock, Prng } from '../../../base/index.ts'
import type { KubernetesDiscoveryConfig } from '../../config/index.ts'
import type { LogSink } from '../../log-sink.ts'
import type { DiscoveryMetrics } from '../discovery-metrics.ts'
import { Informer } from './informer.ts'
import { KubeClient } from './kube-client.ts'
import { kubeEndpoint } from './kube-endpoint.ts'
import { type KubeResource, resourcePath } from './kube-types.ts'
import { Reflector } from './reflector.ts'

export interface InformerPoolOptions {
  readonly metrics: DiscoveryMetrics
  readonly log: LogSink
  readonly userAgent: string
}

export interface InformerRequest {
  readonly resource: KubeResource
  /** '' for all. */
  readonly namespace: string
  readonly labelSelector: string
  readonly fieldSelector: string
}

/** Held by whoever uses an informer; the watch ends with its last holder. */
export interface InformerHold {
  readonly informer: Informer
  release(): void
}

/** A connection to one API server and what is watched there. */
export interface InformerSource {
  readonly ownNamespace: string
  acquire(request: InformerRequest): InformerHold
  /** To be called once, when nothing is to be acquired any more; what is held stays. */
  close(): void
}

interface ServerEntry {
  readonly client: KubeClient
  readonly informers: Map<string, { readonly informer: Informer; readonly reflector: Reflector; holders: number }>
  users: number
}

/**
 * All watches of this process: two discoveries that need the same objects of the same server share one watch, whatever
 * their roles are.
 */
export class InformerPool {
  readonly #clock: Clock
  readonly #prng: Prng
  readonly #options: InformerPoolOptions
  readonly #servers = new Map<string, ServerEntry>()

  constructor(clock: Clock, prng: Prng, options: InformerPoolOptions) {
    this.#clock = clock
    this.#prng = prng
    this.#options = options
  }

  /** @throws DiscoveryConfigError, CredentialError */
  connect(config: KubernetesDiscoveryConfig): InformerSource {
    const endpoint = kubeEndpoint(config)
    const key = JSON.stringify(endpoint)
    let server = this.#servers.get(key)
    if (server === undefined) {
      server = {
        client: new KubeClient(this.#clock, endpoint, this.#options.userAgent),
        informers: new Map(),
        users: 0,
      }
      this.#servers.set(key, server)
    }
    server.users++
    return {
      ownNamespace: endpoint.ownNamespace,
      acquire: request => this.#acquire(server, request),
      close: () => {
        if (--server.users > 0) return
        this.#servers.delete(key)
        server.client.close()
      },
    }
  }

  stop(): void {
    for (const { client, informers } of this.#servers.values()) {
      for (const { reflector } of informers.values()) reflector.stop()
      client.close()
    }
    this.#servers.clear()
  }

  #acquire(server: ServerEntry, request: InformerRequest): InformerHold {
    const key = JSON.stringify([request.resource, request.namespace, request.labelSelector, request.fieldSelector])
    let entry = server.informers.get(key)
    if (entry === undefined) {
      const informer = new Informer()
      const target = {
        path: resourcePath(request.resource, request.namespace),
        labelSelector: request.labelSelector,
        fieldSelector: request.fieldSelector,
      }
      const prng = this.#prng.fork(`reflector/${key}`)
      const reflector = new Reflector(this.#clock, prng, server.client, target, informer, this.#options)
      entry = { informer, reflector, holders: 0 }
      server.informers.set(key, entry)
      reflector.start()
    }
    const held = entry
    held.holders++
    return {
      informer: held.informer,
      release: () => {
        if (--held.holders > 0) return
        server.informers.delete(key)
        held.reflector.stop()
      },
    }
  }
}
