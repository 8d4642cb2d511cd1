export { CachedFile } from './cached-file.ts'
export { CredentialError } from './errors.ts'
export { RequestHeaders } from './request-headers.ts'
export { type TlsOptions, tlsOptions } from './tls-options.ts'
