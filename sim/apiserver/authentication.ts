import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type PeerCertificate, TLSSocket } from 'node:tls'
import type { ServiceAccountTokens } from './service-account-tokens.ts'

/** Who asks. */
export interface UserInfo {
  readonly username: string
  readonly uid?: string
  readonly groups: readonly string[]
}

/** A bearer token and whose it is. */
export interface TokenGrant {
  readonly token: string
  readonly name: string
  /** Besides `system:authenticated`. */
  readonly groups?: readonly string[]
}

const AUTHENTICATED = 'system:authenticated'

/** Who holds the token of the kubeconfig. */
export const ADMIN = { name: 'kubernetes-admin', groups: ['system:masters'] } as const

/**
 * Tells who sends a request: by the certificate of the connection, else by the bearer token.
 *
 * Certificates count when our own authority has signed them: CN is the user, each O a group.
 */
export class Authentication {
  readonly #byToken: ReadonlyMap<string, UserInfo>
  readonly #accounts: ServiceAccountTokens
  readonly #byConnection = new WeakMap<TLSSocket, UserInfo>()

  constructor(grants: readonly TokenGrant[], accounts: ServiceAccountTokens) {
    this.#accounts = accounts
    this.#byToken = new Map(
      grants.map(({ token, name, groups = [] }) => [
        token,
        { username: name, uid: randomUUID(), groups: [...groups, AUTHENTICATED] },
      ]),
    )
  }

  /** `undefined`: nobody is named. `'unknown'`: somebody is whom we do not know, who is refused even where none is needed. */
  user(request: IncomingMessage): UserInfo | 'unknown' | undefined {
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    return this.#byCertificate(request) ?? (token === undefined ? undefined : (this.byToken(token.trim()) ?? 'unknown'))
  }

  byToken(token: string): UserInfo | undefined {
    return this.#byToken.get(token) ?? this.#accounts.user(token)
  }

  #byCertificate({ socket }: IncomingMessage): UserInfo | undefined {
    if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
    const known = this.#byConnection.get(socket)
    if (known !== undefined) return known
    // A session that is resumed counts as authorized, whether or not there was a certificate.
    const certificate = socket.getPeerCertificate() as PeerCertificate | undefined
    if (certificate?.subject === undefined) return undefined
    const user = userOf(certificate)
    this.#byConnection.set(socket, user)
    return user
  }
}

function userOf({ subject }: PeerCertificate): UserInfo {
  // Of several values Node makes a list.
  const { CN, O = [] } = subject as unknown as Record<'CN' | 'O', string | string[] | undefined>
  const groups = typeof O === 'string' ? [O] : O
  return { username: typeof CN === 'string' ? CN : (CN?.[0] ?? ''), groups: [...groups, AUTHENTICATED] }
}
