import { generateKeyPairSync, type KeyObject, randomUUID, sign, verify } from 'node:crypto'
import type { ServiceAccount } from 'kubernetes-types/core/v1.js'
import type { Clock } from '../../base/index.ts'
import {
  ApiError,
  FieldErrors,
  notFound,
  type ObjectStore,
  ServiceAccounts,
  type Stored,
  timestamp,
} from '../cluster/index.ts'
import type { UserInfo } from './authentication.ts'
import { isObject } from './json.ts'

const ISSUER = 'https://kubernetes.default.svc.cluster.local'
const EXPIRES_S = 3600
const EXPIRES_S_MIN = 600
const EXPIRES_S_MAX = 2 ** 32
const ENCODING = { dsaEncoding: 'ieee-p1363' } as const
const HEADER = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'JWT' })).toString('base64url')

interface Claims {
  readonly exp: number
  readonly 'kubernetes.io': {
    readonly namespace: string
    readonly serviceaccount: { readonly name: string; readonly uid: string }
  }
}

/**
 * Tokens of service accounts, as `serviceaccounts/{name}/token` issues them: JSON Web Tokens (RFC 7519, ES256) that are
 * good until they expire and for as long as their account exists.
 *
 * The key is made with the first token and lives as long as the server. They expire on the machine's clock, whatever the
 * pace of planned time: it is real clients that hold them and renew them in time.
 */
export class ServiceAccountTokens {
  readonly #clock: Clock
  readonly #store: ObjectStore
  #keys: { readonly privateKey: KeyObject; readonly publicKey: KeyObject } | undefined

  constructor(clock: Clock, store: ObjectStore) {
    this.#clock = clock
    this.#store = store
  }

  /**
   * Answers a TokenRequest.
   *
   * @throws ApiError NotFound, Invalid, BadRequest
   */
  issue(namespace: string, name: string, request: unknown): object {
    const account = this.#store.get<ServiceAccount>(ServiceAccounts, namespace, name)
    if (account === undefined) throw notFound(ServiceAccounts, name)
    const spec = isObject(request) && isObject(request.spec) ? request.spec : {}
    const audiences = readAudiences(spec.audiences)
    const expirationSeconds = readExpiration(name, spec.expirationSeconds)
    const nowS = Math.floor(this.#clock.unixMs() / 1000)
    const expiresS = nowS + expirationSeconds
    const claims = {
      aud: audiences,
      exp: expiresS,
      iat: nowS,
      iss: ISSUER,
      jti: randomUUID(),
      'kubernetes.io': { namespace, serviceaccount: { name, uid: account.metadata.uid } },
      nbf: nowS,
      sub: `system:serviceaccount:${namespace}:${name}`,
    }
    this.#keys ??= generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const signed = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
    const signature = sign('sha256', Buffer.from(signed), { key: this.#keys.privateKey, ...ENCODING })
    return {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: timestamp(this.#clock.unixMs()) },
      spec: { ...spec, audiences, expirationSeconds },
      status: {
        token: `${signed}.${signature.toString('base64url')}`,
        expirationTimestamp: timestamp(expiresS * 1000),
      },
    }
  }

  /** Whose token it is; `undefined` when it is not one of ours, has expired, or its account is gone. */
  user(token: string): UserInfo | undefined {
    const claims = this.#verified(token)
    if (claims === undefined || claims.exp * 1000 <= this.#clock.unixMs()) return undefined
    const { namespace, serviceaccount } = claims['kubernetes.io']
    const account: Stored | undefined = this.#store.get(ServiceAccounts, namespace, serviceaccount.name)
    if (account?.metadata.uid !== serviceaccount.uid) return undefined
    return {
      username: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    }
  }

  #verified(token: string): Claims | undefined {
    const [header, payload, signature, more] = token.split('.')
    if (this.#keys === undefined || header !== HEADER || payload === undefined || signature === undefined) {
      return undefined
    }
    const isOurs = verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      { key: this.#keys.publicKey, ...ENCODING },
      Buffer.from(signature, 'base64url'),
    )
    if (!isOurs || more !== undefined) return undefined
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims
  }
}

function readAudiences(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [ISSUER]
  if (Array.isArray(value) && value.every(each => typeof each === 'string'))
    return value.length === 0 ? [ISSUER] : value
  throw new ApiError('BadRequest', 'TokenRequest in version "v1" cannot be handled as a TokenRequest: spec.audiences')
}

function readExpiration(name: string, value: unknown): number {
  if (value === undefined || value === null) return EXPIRES_S
  const errors = new FieldErrors()
  const seconds = typeof value === 'number' && Number.isInteger(value) ? value : 0
  if (seconds < EXPIRES_S_MIN) {
    errors.invalid('spec.expirationSeconds', value, 'may not specify a duration less than 10 minutes')
  }
  if (seconds > EXPIRES_S_MAX) {
    errors.invalid('spec.expirationSeconds', value, 'may not specify a duration larger than 2^32 seconds')
  }
  errors.throwIfAny({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, name)
  return seconds
}
