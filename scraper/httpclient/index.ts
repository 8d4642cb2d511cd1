export { RequestHeaders } from './request-headers.ts'
export { type TlsOptions, tlsOptions } from './tls-options.ts'
