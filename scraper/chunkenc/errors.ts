import { CodedError } from '../../base/index.ts'

/** Bytes that claim to be a chunk and are not. Only chunks that come from files can be so; our own are asserted. */
export class ChunkError extends CodedError {
  override readonly name = 'ChunkError'

  constructor(reason: string) {
    super('CHURN_CHUNK_CORRUPT', `a chunk of samples cannot be read (${reason}); the file it comes from is damaged`)
  }
}
