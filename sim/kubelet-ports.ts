import type { Node } from 'kubernetes-types/core/v1.js'
import { SystemClock } from '../base/index.ts'
import { Nodes, type ObjectStore } from './cluster/index.ts'
import { type KubeletApi, KubeletServer } from './kubelet/index.ts'

/** The kubelets' ports of a running cluster. */
export interface KubeletPorts {
  /** A node answers again after it did not. */
  recover(node: string): void
  close(): void
}

/**
 * Opens the port of every node that there is, and of each that comes. A node whose object is deleted goes on to answer, as
 * a machine does.
 *
 * @param isLetIn whether a bearer token is one of the cluster
 * @throws CodedError CHURN_KUBELET_PORT
 */
export async function followKubeletPorts(
  store: ObjectStore,
  kubelets: KubeletApi,
  isLetIn: (token: string) => boolean,
  onFailure: (error: unknown) => void,
): Promise<KubeletPorts> {
  // On demand, as the API server does: the library of certificates is slow to load.
  const { createServerCertificate } = await import('./apiserver/certificates.ts')
  const { key, cert } = await createServerCertificate(new SystemClock(), 'kubelet')
  const server = new KubeletServer(kubelets, { key, cert, isLetIn })
  const stop = store.subscribe(({ resource, object, type }) => {
    if (resource !== Nodes || type === 'DELETED') return
    // A node that somebody creates gets its kubelet in the next planned call, which changes it.
    void server.listen([object.metadata.name]).catch(onFailure)
  })
  const close = (): void => {
    stop()
    server.close()
  }
  try {
    await server.listen(store.list<Node>(Nodes).map(({ metadata }) => metadata.name))
  } catch (error) {
    close()
    throw error
  }
  return { recover: node => server.recover(node), close }
}
