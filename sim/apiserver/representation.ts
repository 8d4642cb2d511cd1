import type { Status } from 'kubernetes-types/meta/v1.js'
import type { Stored } from '../cluster/index.ts'
import type { WatchType } from './selection.ts'

/** `metadata` of a list. */
export interface ListMeta {
  readonly resourceVersion: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

/** Text, which is sent as UTF-8, or bytes that nobody changes. All of one representation are of one kind. */
export type Chunk = string | Buffer

/** How objects are sent: the form that a client asked for, in an encoding that it takes. */
export interface Representation {
  readonly contentType: string
  readonly watchContentType: string
  /** One object as an answer of its own. */
  object(object: Stored): Chunk
  /** In slices, each made when the one before has been taken. */
  list(meta: ListMeta, objects: readonly Stored[]): AsyncIterable<Buffer>
  /** An event of a watch. */
  event(type: WatchType, object: Stored): Chunk
  /** An event whose object carries nothing but a resource version. */
  bookmark(resourceVersion: number, annotations?: Readonly<Record<string, string>>): Chunk
  /** The last event of a watch that failed. */
  failure(status: Status): Chunk
}
