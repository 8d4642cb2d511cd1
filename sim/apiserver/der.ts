/**
 * Writes ASN.1 in DER, as far as certificates need it.
 *
 * ```
 *   ┌─────┬──────────────────────────────┬─────────┐
 *   │ tag │ length: 1 byte below 128,    │ content │
 *   │     │ else 0x80+n and n bytes      │         │
 *   └─────┴──────────────────────────────┴─────────┘
 * ```
 */
export function tagged(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag, ...lengthOf(body.length)]), body])
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => tagged(0x30, ...items)
export const set = (...items: readonly Uint8Array[]): Buffer => tagged(0x31, ...items)
export const octets = (bytes: Uint8Array): Buffer => tagged(0x04, bytes)
export const utf8 = (text: string): Buffer => tagged(0x0c, Buffer.from(text))
export const truth = (): Buffer => tagged(0x01, Buffer.from([0xff]))
/** `[n]` around the content. */
export const explicit = (n: number, ...content: readonly Uint8Array[]): Buffer => tagged(0xa0 + n, ...content)
/** `[n]` in place of the tag of a primitive. */
export const implicit = (n: number, content: Uint8Array): Buffer => tagged(0x80 + n, content)

/** @param bytes big-endian, not empty; taken as positive. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const short = bytes.subarray(start)
  return tagged(0x02, short[0]! >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), short)
}

export function bits(bytes: Uint8Array, unusedBits = 0): Buffer {
  return tagged(0x03, Buffer.from([unusedBits]), bytes)
}

/** @param dotted e.g. `1.2.840.10045.4.3.2` */
export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number)
  const content = [first! * 40 + second!]
  for (const part of rest) {
    const septets = [part & 0x7f]
    for (let more = part >>> 7; more > 0; more >>>= 7) septets.unshift((more & 0x7f) | 0x80)
    content.push(...septets)
  }
  return tagged(0x06, Buffer.from(content))
}

/** UTCTime up to 2049, GeneralizedTime beyond, as RFC 5280 demands. Whole seconds. */
export function time(unixMs: number): Buffer {
  const digits = new Date(unixMs).toISOString().replaceAll(/\D/g, '').slice(0, 14)
  return digits < '2050' ? tagged(0x17, Buffer.from(`${digits.slice(2)}Z`)) : tagged(0x18, Buffer.from(`${digits}Z`))
}

export function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest & 0xff)
  return [0x80 + bytes.length, ...bytes]
}
