import type { Clock } from '../../base/index.ts'
import type { HttpClientConfig } from '../config/index.ts'
import { CachedFile } from './cached-file.ts'

type Source = () => string

/** The headers that an HTTP client block asks for: credentials and those written down. */
export class RequestHeaders {
  readonly #authorization: Source | undefined
  readonly #others: readonly { readonly name: string; readonly sources: readonly Source[] }[]

  constructor(clock: Clock, config: HttpClientConfig) {
    this.#authorization = authorizationSource(clock, config)
    this.#others = config.headers.map(header => ({
      name: header.name.toLowerCase(),
      sources: [...header.values.map(constant), ...header.files.map(path => fromFile(clock, path))],
    }))
  }

  /**
   * Adds them to `headers`; names are lower case.
   *
   * @param withCredentials false for a request that a redirect sends to another host.
   * @throws CredentialError when a file cannot be read.
   */
  addTo(headers: Record<string, string | string[]>, withCredentials = true): void {
    if (withCredentials && this.#authorization !== undefined) headers['authorization'] = this.#authorization()
    for (const { name, sources } of this.#others) headers[name] = sources.map(source => source())
  }
}

function authorizationSource(clock: Clock, config: HttpClientConfig): Source | undefined {
  const { basicAuth, authorization } = config
  if (basicAuth !== undefined) {
    const user = either(clock, basicAuth.username, basicAuth.usernameFile)
    const password = either(clock, basicAuth.password, basicAuth.passwordFile)
    return () => `Basic ${Buffer.from(`${user()}:${password()}`).toString('base64')}`
  }
  if (authorization === undefined) return undefined
  if (authorization.credentials === '' && authorization.credentialsFile === '') return undefined
  const credentials = either(clock, authorization.credentials, authorization.credentialsFile)
  return () => `${authorization.type} ${credentials()}`
}

function either(clock: Clock, text: string, path: string): Source {
  return path === '' ? constant(text) : fromFile(clock, path)
}

function constant(text: string): Source {
  return () => text
}

function fromFile(clock: Clock, path: string): Source {
  const file = new CachedFile(clock, path)
  return () => file.read()
}
