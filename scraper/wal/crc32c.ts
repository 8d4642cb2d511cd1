/** CRC-32C (Castagnoli), reflected: the checksum of Prometheus' files and of ours. Four tables, four bytes a step. */
const TABLES = makeTables()

// hot: once per byte of the log.
export function crc32c(bytes: Uint8Array, from: number, to: number): number {
  const tables = TABLES
  let crc = 0xffff_ffff
  let i = from
  for (; i + 4 <= to; i += 4) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    crc =
      tables[768 + (crc & 0xff)]! ^
      tables[512 + ((crc >>> 8) & 0xff)]! ^
      tables[256 + ((crc >>> 16) & 0xff)]! ^
      tables[crc >>> 24]!
  }
  for (; i < to; i++) crc = tables[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

function makeTables(): Uint32Array {
  const tables = new Uint32Array(4 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1
    tables[byte] = crc
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256]!
    tables[i] = tables[before & 0xff]! ^ (before >>> 8)
  }
  return tables
}
