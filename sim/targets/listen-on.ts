import type { Server } from 'node:net'
import { bindError, targetError } from './errors.ts'

export interface ListenOptions {
  readonly address: string
  readonly port: number
  /** Whether whoever asked has given up meanwhile. */
  readonly isClosed: () => boolean
  /** The listener failed after it had been opened. */
  readonly onFault: (error: Error) => void
}

/**
 * Lets a server listen. Resolves once it accepts connections.
 *
 * @throws CodedError CHURN_TARGET_BIND, CHURN_FD_LIMIT
 */
export function listenOn(server: Server, { address, port, isClosed, onFault }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject(bindError(address, port, error))
    server.once('error', onError)
    const onClose = (): void =>
      reject(targetError('CHURN_TARGET_BIND', `${address}:${port} was closed before it was open`))
    server.once('close', onClose)
    server.listen({ host: address, port }, () => {
      // Node starts to listen some ticks later, and not every version lets a close in between stop it.
      if (isClosed()) {
        server.close()
        return
      }
      server.off('error', onError)
      server.off('close', onClose)
      server.on('error', cause =>
        onFault(
          targetError(
            'CHURN_TARGET_ACCEPT',
            `${address}:${port} could not accept a connection, so what was measured is void`,
            cause,
          ),
        ),
      )
      resolve()
    })
  })
}
