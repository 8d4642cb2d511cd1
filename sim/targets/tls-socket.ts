import type { Socket } from 'node:net'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type { Clock } from '../../base/index.ts'

export type { SecureContext } from 'node:tls'

/** A certificate for pods that ask for TLS, signed by an authority that nobody knows. */
export async function createTargetContext(clock: Clock): Promise<SecureContext> {
  // Loading it takes longer than opening a thousand pods.
  const { createServerCertificate } = await import('../apiserver/certificates.ts')
  const { key, cert } = await createServerCertificate(clock, 'localhost')
  return createSecureContext({ key, cert })
}

/** The server's side of TLS over an accepted connection. Like a plain one, it can be reset. */
export function secured(socket: Socket, secureContext: SecureContext): Socket {
  return new ResettableTlsSocket(socket, secureContext)
}

/** Node resets bare TCP only: what is below is reset in its place. */
class ResettableTlsSocket extends TLSSocket {
  readonly #below: Socket

  constructor(below: Socket, secureContext: SecureContext) {
    super(below, { isServer: true, secureContext })
    this.#below = below
    // What does not speak TLS ends here; its connection hears of it by 'close'.
    below.on('error', () => {})
  }

  override resetAndDestroy(): this {
    this.#below.resetAndDestroy()
    return this.destroy()
  }
}
