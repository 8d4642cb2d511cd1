import { readFileSync } from 'node:fs'
import type { TlsConfig, TlsVersion } from '../config/index.ts'
import { CredentialError } from './errors.ts'

/** In the words of `tls.connect`. */
export interface TlsOptions {
  readonly rejectUnauthorized: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly minVersion?: TlsVersion
  readonly maxVersion?: TlsVersion
}

/**
 * What a TLS connection needs, with the files read. A CA given replaces the system's.
 *
 * @throws CredentialError when a file cannot be read.
 */
export function tlsOptions(config: TlsConfig): TlsOptions {
  const ca = config.ca || readIfSet(config.caFile)
  const cert = config.cert || readIfSet(config.certFile)
  const key = config.key || readIfSet(config.keyFile)
  return {
    rejectUnauthorized: !config.insecureSkipVerify,
    ...(ca === '' ? {} : { ca }),
    ...(cert === '' ? {} : { cert }),
    ...(key === '' ? {} : { key }),
    ...(config.serverName === '' ? {} : { servername: config.serverName }),
    ...(config.minVersion === undefined ? {} : { minVersion: config.minVersion }),
    ...(config.maxVersion === undefined ? {} : { maxVersion: config.maxVersion }),
  }
}

function readIfSet(path: string): string {
  if (path === '') return ''
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new CredentialError(path, error)
  }
}
