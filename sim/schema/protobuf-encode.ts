import { PbfWriter } from 'pbf'
import { assert } from '../../base/index.ts'
import { definitionOfKind } from './kinds.ts'
import { type Field, findMessage, isNamedList, MACHINERY, MAGIC, type Message } from './protobuf-messages.ts'

type Json = Readonly<Record<string, unknown>>
/** Writes a value that is there, with the field's tag. */
type WriteField = (writer: PbfWriter, value: unknown) => void
/** Writes the fields of a message. */
type WriteMessage = (json: unknown, writer: PbfWriter) => void

const META = `${MACHINERY}.apis.meta.v1`
const BYTES = 2

const writers = new Map<string, WriteMessage>()

/** Whether objects of a kind can be written: those that Kubernetes has no message for are its custom ones. */
export function hasProtobuf(group: string, version: string, kind: string): boolean {
  return group !== 'apiextensions.k8s.io' && findMessage(definitionOfKind(group, version, kind)) !== undefined
}

/**
 * Writes an object as Kubernetes does for `application/vnd.kubernetes.protobuf`: four bytes of magic, then an `Unknown` with the
 * kind and the bytes of the message. What the kind has no field for is left out, and so are zeros that say nothing.
 *
 * @param object with its apiVersion and kind
 */
export function encodeProtobuf(object: Json): Buffer {
  const { apiVersion, kind } = object as { readonly apiVersion: string; readonly kind: string }
  return enveloped(apiVersion, kind, encodeMessage(apiVersion, kind, object))
}

/** The bytes of an object's message alone, as it stands in a list. */
export function encodeMessage(apiVersion: string, kind: string, object: Json): Buffer {
  const [version, group = ''] = apiVersion.split('/').toReversed()
  const writer = new PbfWriter(Buffer.allocUnsafe(2048))
  messageWriter(definitionOfKind(group, version ?? '', kind))(object, writer)
  return bytesOf(writer)
}

/**
 * A list of messages that were encoded before, in parts that are to be sent one after the other.
 *
 * @param meta `metadata` of the list
 */
export function* encodeList(apiVersion: string, kind: string, meta: Json, items: readonly Buffer[]): Iterable<Buffer> {
  const head = new PbfWriter(Buffer.allocUnsafe(256))
  head.writeMessage(1, messageWriter(`${META}.ListMeta`), meta)
  const first = bytesOf(head)
  const tags = items.map(item => tagAndLength(2, item.length))
  const length = items.reduce((sum, item, i) => sum + tags[i]!.length + item.length, first.length)
  yield envelopeHead(apiVersion, kind, length)
  yield first
  for (let i = 0; i < items.length; i++) {
    yield tags[i]!
    yield items[i]!
  }
}

/** An event of a watch: its length in four bytes, then a `WatchEvent` with the object as `encodeProtobuf` writes it. */
export function encodeWatchEvent(type: string, object: Buffer): Buffer {
  const raw = Buffer.concat([tagAndLength(1, object.length), object])
  const writer = new PbfWriter(Buffer.allocUnsafe(32))
  writer.writeStringField(1, type)
  const head = bytesOf(writer)
  const tag = tagAndLength(2, raw.length)
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(head.length + tag.length + raw.length)
  return Buffer.concat([length, head, tag, raw])
}

function enveloped(apiVersion: string, kind: string, message: Buffer): Buffer {
  return Buffer.concat([envelopeHead(apiVersion, kind, message.length), message])
}

function envelopeHead(apiVersion: string, kind: string, messageLength: number): Buffer {
  const writer = new PbfWriter(Buffer.allocUnsafe(128))
  writer.writeMessage(1, messageWriter(`${MACHINERY}.runtime.TypeMeta`), { apiVersion, kind })
  return Buffer.concat([MAGIC, bytesOf(writer), tagAndLength(2, messageLength)])
}

function tagAndLength(field: number, length: number): Buffer {
  const writer = new PbfWriter(Buffer.allocUnsafe(16))
  writer.writeTag(field, BYTES)
  writer.writeVarint(length)
  return bytesOf(writer)
}

function bytesOf(writer: PbfWriter): Buffer {
  const { buffer, byteOffset, byteLength } = writer.finish()
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** Made once for each message; recursive ones find themselves. */
function messageWriter(type: string): WriteMessage {
  const known = writers.get(type)
  if (known !== undefined) return known
  let write: WriteMessage | undefined
  const later: WriteMessage = (json, writer) => write!(json, writer)
  writers.set(type, later)
  write = specialWriter(type) ?? plainWriter(type)
  writers.set(type, write)
  return write
}

function plainWriter(type: string): WriteMessage {
  const message = findMessage(type)
  assert(message !== undefined, () => `no message ${type}`)
  const write = fieldsWriter(message)
  return isNamedList(message) ? (items, writer) => write({ items }, writer) : write
}

// hot: once for each object that is sent, and each object in it.
function fieldsWriter(message: Message): WriteMessage {
  const byName = new Map<string, WriteField>()
  const inline: WriteField[] = []
  for (const [number, field] of message) {
    if (field.isInline) inline.push(fieldWriter(number, field))
    else byName.set(field.name, fieldWriter(number, field))
  }
  return (json, writer) => {
    for (const write of inline) write(writer, json)
    for (const name in json as Json) {
      const value = (json as Json)[name]
      if (value !== undefined && value !== null) byName.get(name)?.(writer, value)
    }
  }
}

function fieldWriter(number: number, { type, isRepeated, isMap, writesZero }: Field): WriteField {
  const write = valueWriter(number, type, writesZero || isRepeated)
  if (isRepeated) {
    return (writer, values) => {
      for (const value of values as readonly unknown[]) write(writer, value)
    }
  }
  if (!isMap) return write
  const writeValue = valueWriter(2, type, true)
  const writeEntry = ([key, value]: readonly [string, unknown], writer: PbfWriter): void => {
    writer.writeStringField(1, key)
    if (value !== undefined && value !== null) writeValue(writer, value)
  }
  return (writer, map) => {
    for (const entry of Object.entries(map as Json)) writer.writeMessage(number, writeEntry, entry)
  }
}

function valueWriter(number: number, type: string, writesZero: boolean): WriteField {
  switch (type) {
    case 'string':
      return (writer, value) => {
        if (writesZero || value !== '') writer.writeStringField(number, value as string)
      }
    case 'bytes':
      return (writer, value) => writer.writeBytesField(number, Buffer.from(value as string, 'base64'))
    case 'bool':
      return (writer, value) => {
        if (writesZero || value === true) writer.writeBooleanField(number, value as boolean)
      }
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
      return (writer, value) => {
        if (writesZero || value !== 0) writer.writeVarintField(number, value as number)
      }
    case 'double':
      return (writer, value) => writer.writeDoubleField(number, value as number)
    case 'float':
      return (writer, value) => writer.writeFloatField(number, value as number)
    default: {
      const write = messageWriter(type)
      return (writer, value) => writer.writeMessage(number, write, value)
    }
  }
}

/** Of messages whose JSON is no object. */
function specialWriter(type: string): WriteMessage | undefined {
  switch (type) {
    case `${META}.Time`:
    case `${META}.MicroTime`:
      return writeTime
    case `${MACHINERY}.api.resource.Quantity`:
      return (json, writer) => writer.writeStringField(1, String(json))
    case `${MACHINERY}.util.intstr.IntOrString`:
      return (json, writer) => {
        if (typeof json === 'number') writer.writeVarintField(2, json)
        else {
          writer.writeVarintField(1, 1)
          writer.writeStringField(3, json as string)
        }
      }
    case `${META}.FieldsV1`:
    case `${MACHINERY}.runtime.RawExtension`:
      return (json, writer) => writer.writeBytesField(1, Buffer.from(JSON.stringify(json)))
    default:
      return undefined
  }
}

let lastText = ''
let lastSeconds = 0

/** Whole seconds, which most are, and the same ones again and again. */
function writeTime(json: unknown, writer: PbfWriter): void {
  const text = json as string
  const point = text.indexOf('.')
  const whole = point < 0 ? text : `${text.slice(0, point)}Z`
  if (whole !== lastText) {
    lastSeconds = Date.parse(whole) / 1000
    lastText = whole
  }
  writer.writeVarintField(1, lastSeconds)
  if (point < 0) return
  writer.writeVarintField(2, Number(text.slice(point + 1, -1).padEnd(9, '0')))
}
