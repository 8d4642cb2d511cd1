import { isAbsolute, join } from 'node:path'
import type {
  AuthorizationConfig,
  BasicAuthConfig,
  HeaderConfig,
  HttpClientConfig,
  TlsConfig,
  TlsVersion,
} from './types.ts'
import type { Cursor, Fields } from './yaml-reader.ts'

const NO_TLS: TlsConfig = {
  ca: '',
  caFile: '',
  cert: '',
  certFile: '',
  key: '',
  keyFile: '',
  serverName: '',
  insecureSkipVerify: false,
  minVersion: undefined,
  maxVersion: undefined,
}

const TLS_VERSIONS: Readonly<Record<string, TlsVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
}

/** Fields of the block; those that make a difference to "no custom HTTP client" checks. */
export const HTTP_CLIENT_FIELDS = [
  'basic_auth',
  'authorization',
  'oauth2',
  'bearer_token',
  'bearer_token_file',
  'tls_config',
  'proxy_url',
  'no_proxy',
  'proxy_from_environment',
  'proxy_connect_header',
  'follow_redirects',
  'enable_http2',
  'http_headers',
] as const

/** Headers that the scraper sets itself. */
const RESERVED_HEADERS = new Set([
  'authorization',
  'host',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'www-authenticate',
  'accept-encoding',
  'x-prometheus-remote-write-version',
  'x-prometheus-remote-read-version',
  'x-prometheus-scrape-timeout-seconds',
])

/** Reads the HTTP client block, whose fields lie among those of the mapping it belongs to. */
export function readHttpClient(fields: Fields, baseDir: string): HttpClientConfig {
  const basicAuth = fields.take('basic_auth', at => readBasicAuth(at, baseDir), undefined)
  const authorization = fields.take('authorization', at => readAuthorization(at, baseDir), undefined)
  const bearerToken = fields.string('bearer_token')
  const bearerTokenFile = fields.string('bearer_token_file')
  const hasBearer = bearerToken !== '' || bearerTokenFile !== ''
  if (bearerToken !== '' && bearerTokenFile !== '') {
    fields.at.fault('at most one of bearer_token & bearer_token_file must be configured')
  }
  if (hasBearer && authorization !== undefined) {
    fields.at.fault('authorization is not compatible with bearer_token & bearer_token_file')
  }
  if (basicAuth !== undefined && (hasBearer || authorization !== undefined)) {
    fields.at.fault(
      'at most one of basic_auth, oauth2, authorization, bearer_token & bearer_token_file must be configured',
    )
  }
  fields.find('oauth2')?.fault('oauth2 is not supported by this scraper')
  for (const name of ['proxy_url', 'no_proxy', 'proxy_connect_header']) {
    fields.find(name)?.fault(`${name} is not supported by this scraper: it makes its connections directly`)
  }
  const proxy = fields.find('proxy_from_environment')
  if (proxy?.asBool() === true) {
    proxy.fault('proxy_from_environment is not supported by this scraper: it makes its connections directly')
  }
  // HTTP/1.1 is spoken in any case; a server that offers HTTP/2 offers that too.
  fields.bool('enable_http2', true)
  return {
    basicAuth,
    authorization: hasBearer
      ? { type: 'Bearer', credentials: bearerToken, credentialsFile: resolveFile(bearerTokenFile, baseDir) }
      : authorization,
    tls: fields.take('tls_config', at => readTls(at, baseDir), NO_TLS),
    followRedirects: fields.bool('follow_redirects', true),
    headers: fields.take('http_headers', at => readHeaders(at, baseDir), []),
  }
}

/** A path as written in a config file: relative ones start at the file's folder. */
export function resolveFile(path: string, baseDir: string): string {
  return path === '' || isAbsolute(path) ? path : join(baseDir, path)
}

function readBasicAuth(at: Cursor, baseDir: string): BasicAuthConfig | undefined {
  return at.asFields(fields => {
    const auth = {
      username: fields.string('username'),
      usernameFile: resolveFile(fields.string('username_file'), baseDir),
      password: fields.string('password'),
      passwordFile: resolveFile(fields.string('password_file'), baseDir),
    }
    if (auth.username !== '' && auth.usernameFile !== '') {
      at.fault('at most one of basic_auth username & username_file must be configured')
    }
    if (auth.password !== '' && auth.passwordFile !== '') {
      at.fault('at most one of basic_auth password & password_file must be configured')
    }
    return auth
  })
}

function readAuthorization(at: Cursor, baseDir: string): AuthorizationConfig | undefined {
  return at.asFields(fields => {
    const type = fields.string('type', 'Bearer').trim()
    const credentials = fields.string('credentials')
    const credentialsFile = resolveFile(fields.string('credentials_file'), baseDir)
    if (type.toLowerCase() === 'basic') {
      at.fault('authorization type cannot be set to "basic", use "basic_auth" instead')
    }
    if (credentials !== '' && credentialsFile !== '') {
      at.fault('at most one of authorization credentials & credentials_file must be configured')
    }
    return { type, credentials, credentialsFile }
  })
}

export function readTls(at: Cursor, baseDir: string): TlsConfig | undefined {
  return at.asFields(fields => {
    const version = (name: string): TlsVersion | undefined => {
      const value = fields.find(name)
      const key = value?.asOneOf(Object.keys(TLS_VERSIONS), 'TLS version')
      return key === undefined ? undefined : TLS_VERSIONS[key]
    }
    const tls = {
      ca: fields.string('ca'),
      caFile: resolveFile(fields.string('ca_file'), baseDir),
      cert: fields.string('cert'),
      certFile: resolveFile(fields.string('cert_file'), baseDir),
      key: fields.string('key'),
      keyFile: resolveFile(fields.string('key_file'), baseDir),
      serverName: fields.string('server_name'),
      insecureSkipVerify: fields.bool('insecure_skip_verify', false),
      minVersion: version('min_version'),
      maxVersion: version('max_version'),
    }
    for (const name of ['ca', 'cert', 'key'] as const) {
      if (tls[name] !== '' && tls[`${name}File`] !== '')
        at.fault(`at most one of ${name} & ${name}_file must be configured`)
    }
    for (const name of ['ca_ref', 'cert_ref', 'key_ref']) {
      fields.find(name)?.fault(`${name} is not supported by this scraper: there is no secret manager`)
    }
    const hasCert = tls.cert !== '' || tls.certFile !== ''
    const hasKey = tls.key !== '' || tls.keyFile !== ''
    if (hasCert !== hasKey) at.fault('a client certificate needs both cert or cert_file and key or key_file')
    return tls
  })
}

function readHeaders(at: Cursor, baseDir: string): HeaderConfig[] | undefined {
  return at
    .asEntries((value, name) => {
      if (RESERVED_HEADERS.has(name.toLowerCase())) {
        return value.fault(`setting header ${JSON.stringify(name)} is not allowed`)
      }
      return value.asFields(fields => ({
        name,
        values: [
          ...fields.take('values', list => list.asStringList(), []),
          ...fields.take('secrets', list => list.asStringList(), []),
        ],
        files: fields.take('files', list => list.asStringList(), []).map(file => resolveFile(file, baseDir)),
      }))
    })
    ?.map(([, header]) => header)
}
