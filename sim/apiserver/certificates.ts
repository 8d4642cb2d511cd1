// First of all: the X.509 library's container looks for these decorators' metadata as soon as it is loaded.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'
import type { Clock } from '../../base/index.ts'

/** What an HTTPS server needs, and what its clients must trust. PEM. */
export interface ServerCertificate {
  readonly key: string
  readonly cert: string
  readonly ca: string
  /** Makes a client's certificate: `user` becomes its CN, each group an O. */
  readonly issue: (user: string, groups: readonly string[]) => Promise<ClientCertificate>
}

/** What a client shows to be known. PEM. */
export interface ClientCertificate {
  readonly key: string
  readonly cert: string
}

const VALID_DAYS = 3650
/** Clients whose clock is a little behind shall not refuse us. */
const BACKDATED_MS = 3_600_000

const AUTHORITY = 'CN=churnbench-ca'
const SERVER = 'CN=churnbench-apiserver'

const KEYS = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' }

x509.cryptoProvider.set(webcrypto)

/**
 * Makes a certificate authority and a server certificate signed by it (X.509 v3, ECDSA P-256), both good for this run only:
 * the authority's key cannot be exported and lives in `issue` only. Serial numbers are the library's, 16 random bytes.
 *
 * The first takes 30 ms, and loading this file 150 ms (Node 20.20, 2 cores, 2026-11): import it when TLS is wanted.
 */
export async function createServerCertificate(clock: Clock, host: string): Promise<ServerCertificate> {
  const nowMs = clock.unixMs()
  const validity = {
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs + VALID_DAYS * 86_400_000),
    signingAlgorithm: SIGNATURE,
  }
  const authority = await webcrypto.subtle.generateKey(KEYS, false, ['sign', 'verify'])
  const server = await webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify'])
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: AUTHORITY,
    keys: authority,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true), // signs servers' and clients' certificates, not other authorities'
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authority.publicKey),
    ],
  })
  const cert = await x509.X509CertificateGenerator.create({
    ...validity,
    issuer: AUTHORITY,
    subject: SERVER,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(alternativeNames(host)),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  })
  const issue = async (user: string, groups: readonly string[]): Promise<ClientCertificate> => {
    const client = await webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify'])
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity,
      issuer: AUTHORITY,
      subject: distinguishedName(user, groups),
      publicKey: client.publicKey,
      signingKey: authority.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
        await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      ],
    })
    return { key: await keyPem(client.privateKey), cert: `${certificate.toString('pem')}\n` }
  }
  return {
    key: await keyPem(server.privateKey),
    cert: `${cert.toString('pem')}\n`,
    ca: `${ca.toString('pem')}\n`,
    issue,
  }
}

/** As values, not as text: a name may have any characters. */
function distinguishedName(user: string, groups: readonly string[]): x509.Name {
  return new x509.Name([{ CN: [{ utf8String: user }] }, ...groups.map(group => ({ O: [{ utf8String: group }] }))])
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey('pkcs8', key)
  return `${x509.PemConverter.encode(bytes, x509.PemConverter.PrivateKeyTag)}\n`
}

/** Those under which pods reach the API server, and the address it listens on. */
function alternativeNames(host: string): x509.JsonGeneralName[] {
  const names = [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ]
  const addresses = ['127.0.0.1']
  if (isIP(host) === 0) names.push(host)
  else addresses.push(host)
  return [
    ...[...new Set(names)].map(value => ({ type: 'dns' as const, value })),
    ...[...new Set(addresses)].map(value => ({ type: 'ip' as const, value })),
  ]
}
