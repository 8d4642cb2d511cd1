import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP, isIPv4 } from 'node:net'
import type { Clock } from '../../base/index.ts'
import { bits, explicit, implicit, integer, octets, oid, pem, sequence, set, time, truth, utf8 } from './der.ts'

/** What an HTTPS server needs, and what its clients must trust. PEM. */
export interface ServerCertificate {
  readonly key: string
  readonly cert: string
  readonly ca: string
}

const VALID_DAYS = 3650
/** Clients whose clock is a little behind shall not refuse us. */
const BACKDATED_MS = 3_600_000

const SIGNATURE_ALGORITHM = sequence(oid('1.2.840.10045.4.3.2')) // ecdsa-with-SHA256

interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/**
 * Makes a certificate authority and a server certificate signed by it (X.509 v3, ECDSA P-256), both good for this run only:
 * the authority's key is dropped on return. About a millisecond.
 *
 * Written out by hand since it is two certificates of one fixed form; the X.509 libraries bring a dependency injection
 * container and a global polyfill for it.
 */
export function createServerCertificate(clock: Clock, host: string): ServerCertificate {
  const nowMs = clock.unixMs()
  const ca = newKeys()
  const server = newKeys()
  const caName = commonName('churnbench-ca')
  const caCert = certificate(nowMs, caName, caName, ca.publicKey, ca.privateKey, [
    extension('2.5.29.19', true, sequence(truth(), integer(Buffer.from([0])))), // basicConstraints: CA, path length 0
    extension('2.5.29.15', true, bits(Buffer.from([0b0000_0110]), 1)), // keyUsage: keyCertSign, cRLSign
    extension('2.5.29.14', false, octets(keyId(ca.publicKey))), // subjectKeyIdentifier
  ])
  const cert = certificate(nowMs, caName, commonName('churnbench-apiserver'), server.publicKey, ca.privateKey, [
    extension('2.5.29.19', true, sequence()), // basicConstraints: not a CA
    extension('2.5.29.15', true, bits(Buffer.from([0b1000_0000]), 7)), // keyUsage: digitalSignature
    extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))), // extKeyUsage: serverAuth
    extension('2.5.29.17', false, sequence(...alternativeNames(host))), // subjectAltName
    extension('2.5.29.35', false, sequence(implicit(0, keyId(ca.publicKey)))), // authorityKeyIdentifier
  ])
  return {
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem('CERTIFICATE', cert),
    ca: pem('CERTIFICATE', caCert),
  }
}

function newKeys(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function certificate(
  nowMs: number,
  issuer: Buffer,
  subject: Buffer,
  publicKey: KeyObject,
  signingKey: KeyObject,
  extensions: readonly Buffer[],
): Buffer {
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3
    integer(randomBytes(16)),
    SIGNATURE_ALGORITHM,
    issuer,
    sequence(time(nowMs - BACKDATED_MS), time(nowMs + VALID_DAYS * 86_400_000)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  )
  return sequence(toBeSigned, SIGNATURE_ALGORITHM, bits(sign('sha256', toBeSigned, signingKey)))
}

function commonName(name: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(name))))
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return critical ? sequence(oid(id), truth(), octets(value)) : sequence(oid(id), octets(value))
}

/** SHA-1 of the bare public point: the usual identifier, nothing that security rests on. */
function keyId(publicKey: KeyObject): Buffer {
  const { x, y } = publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')])
  return createHash('sha1').update(point).digest()
}

/** dNSName is `[2]`, iPAddress is `[7]`. */
function alternativeNames(host: string): Buffer[] {
  const names = [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ]
  const addresses = ['127.0.0.1']
  if (isIP(host) === 0) names.push(host)
  else if (isIPv4(host)) addresses.push(host)
  return [
    ...[...new Set(names)].map(name => implicit(2, Buffer.from(name))),
    ...[...new Set(addresses)].map(address => implicit(7, Buffer.from(address.split('.').map(Number)))),
  ]
}
