import { PbfReader } from 'pbf'
import { definitionOfKind } from './kinds.ts'
import type { JsonObject } from './json-object.ts'
import {
  type Field,
  findMessage,
  isNamedList,
  MACHINERY,
  MAGIC,
  type Message,
  messageNamed,
} from './protobuf-messages.ts'

interface Unknown {
  apiVersion: string
  kind: string
  raw: Uint8Array
}

/** Thrown for bytes that are no such object. */
export class ProtobufError extends Error {}

/**
 * Reads an object as Kubernetes' clients send it with `application/vnd.kubernetes.protobuf`: four bytes of magic, then an
 * `Unknown` with the kind and the bytes of the message. Returns what its JSON would be.
 *
 * @throws ProtobufError
 */
export function decodeProtobuf(bytes: Buffer): JsonObject {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  }
  try {
    const { apiVersion, kind, raw } = readUnknown(new PbfReader(bytes.subarray(MAGIC.length)))
    const [version, group = ''] = apiVersion.split('/').toReversed()
    const name = definitionOfKind(group, version ?? '', kind)
    const message = findMessage(name)
    if (message === undefined) throw new ProtobufError(`no kind "${kind}" is registered for version "${apiVersion}"`)
    return { apiVersion, kind, ...readMessage(new PbfReader(raw), message) }
  } catch (error) {
    if (error instanceof ProtobufError) throw error
    // What the reader throws for lengths and types that cannot be.
    throw new ProtobufError((error as Error).message, { cause: error })
  }
}

/** The envelope: type meta in field 1, the message in field 2. */
function readUnknown(reader: PbfReader): Unknown {
  const unknown: Unknown = { apiVersion: '', kind: '', raw: new Uint8Array() }
  while (reader.pos < reader.length) {
    const tag = reader.readVarint()
    if (tag >> 3 === 1) {
      const end = reader.readVarint() + reader.pos
      Object.assign(unknown, readMessage(reader, messageNamed(`${MACHINERY}.runtime.TypeMeta`), end))
    } else if (tag >> 3 === 2) unknown.raw = reader.readBytes()
    else reader.skip(tag)
  }
  checkEnd(reader, reader.length)
  return unknown
}

/** The reader takes what is there of a text or bytes that are cut off, and goes on behind the end. */
function checkEnd(reader: PbfReader, end: number): void {
  if (reader.pos > end) throw new ProtobufError('unexpected EOF')
}

function readMessage(reader: PbfReader, message: Message, end = reader.length): JsonObject {
  const out: JsonObject = {}
  while (reader.pos < end) {
    const tag = reader.readVarint()
    const field = message.get(tag >> 3)
    if (field === undefined) {
      reader.skip(tag)
      continue
    }
    if (field.isMap) readEntry(reader, field, out)
    else {
      const value = readValue(reader, field.type)
      if (field.isInline) Object.assign(out, value)
      else if (field.isRepeated) ((out[field.name] ??= []) as unknown[]).push(value)
      else if (value !== undefined && (field.writesZero || !isZero(value))) out[field.name] = value
    }
    checkEnd(reader, end)
  }
  return out
}

/** An entry of a map: a message of key and value. */
function readEntry(reader: PbfReader, field: Field, out: JsonObject): void {
  const end = reader.readVarint() + reader.pos
  let key = ''
  let value: unknown
  while (reader.pos < end) {
    const tag = reader.readVarint()
    if (tag >> 3 === 1) key = reader.readString()
    else if (tag >> 3 === 2) value = readValue(reader, field.type)
    else reader.skip(tag)
  }
  checkEnd(reader, end)
  if (key === '__proto__') throw new ProtobufError('invalid map key')
  const map = (out[field.name] ??= {}) as JsonObject
  map[key] = value ?? (field.type === 'string' ? '' : {})
}

function readValue(reader: PbfReader, type: string): unknown {
  switch (type) {
    case 'string':
      return reader.readString()
    case 'bytes':
      return Buffer.from(reader.readBytes()).toString('base64')
    case 'bool':
      return reader.readBoolean()
    case 'int32':
    case 'int64':
      return reader.readVarint(true)
    case 'uint32':
    case 'uint64':
      return reader.readVarint()
    case 'double':
      return reader.readDouble()
    case 'float':
      return reader.readFloat()
    default: {
      const end = reader.readVarint() + reader.pos
      if (end > reader.length) throw new ProtobufError('unexpected EOF')
      const value = readMessageOf(reader, type, end)
      checkEnd(reader, end)
      reader.pos = end
      return value
    }
  }
}

/** A message, or one of those whose JSON is no object. */
function readMessageOf(reader: PbfReader, type: string, end: number): unknown {
  switch (type) {
    case `${MACHINERY}.apis.meta.v1.Time`:
      return readTime(reader, end, false)
    case `${MACHINERY}.apis.meta.v1.MicroTime`:
      return readTime(reader, end, true)
    case `${MACHINERY}.api.resource.Quantity`:
      return readMessage(reader, messageNamed(type), end).string ?? ''
    case `${MACHINERY}.util.intstr.IntOrString`: {
      const { type: kind = 0, intVal = 0, strVal = '' } = readMessage(reader, messageNamed(type), end)
      return kind === 0 ? intVal : strVal
    }
    case `${MACHINERY}.apis.meta.v1.FieldsV1`:
    case `${MACHINERY}.runtime.RawExtension`:
      return readJson(reader, end)
    case `${MACHINERY}.apis.meta.v1.Duration`:
      return goDuration((readMessage(reader, messageNamed(type), end).duration as number | undefined) ?? 0)
    default: {
      const message = findMessage(type)
      if (message === undefined) throw new ProtobufError(`unknown message ${type}`)
      const value = readMessage(reader, message, end)
      return isNamedList(message) ? (value.items ?? []) : value
    }
  }
}

function readTime(reader: PbfReader, end: number, micro: boolean): string | undefined {
  let seconds = 0
  let nanos = 0
  while (reader.pos < end) {
    const tag = reader.readVarint()
    if (tag >> 3 === 1) seconds = reader.readVarint(true)
    else if (tag >> 3 === 2) nanos = reader.readVarint(true)
    else reader.skip(tag)
  }
  // Go's zero time stands for none.
  if (seconds <= 0) return undefined
  const text = new Date(seconds * 1000).toISOString().slice(0, 19)
  return micro ? `${text}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${text}Z`
}

/** JSON inside of protobuf, in field 1. */
function readJson(reader: PbfReader, end: number): unknown {
  let value: unknown
  while (reader.pos < end) {
    const tag = reader.readVarint()
    if (tag >> 3 === 1) value = JSON.parse(Buffer.from(reader.readBytes()).toString())
    else reader.skip(tag)
  }
  return value
}

function goDuration(ns: number): string {
  return `${ns / 1e9}s`
}

function isZero(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === '' || value === 0 || value === false
}
