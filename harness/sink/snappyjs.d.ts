declare module 'snappyjs' {
  /** Snappy's block format. @throws Error when it is damaged or longer than `maxLength` bytes. */
  export function uncompress(compressed: Buffer, maxLength?: number): Buffer
  export function compress(uncompressed: Buffer): Buffer
}
