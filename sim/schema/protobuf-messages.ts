import { assert } from '../../base/index.ts'
import { DefinitionFile } from './definition-file.ts'

/** Kubernetes' own messages: number, name in JSON, type and flags of each field. */
const FILE = new DefinitionFile<readonly (readonly [number, string, string, string])[]>('protobuf.jsonl')
export const MACHINERY = 'io.k8s.apimachinery.pkg'

/** What stands before every object in Kubernetes' protobuf. */
export const MAGIC = Buffer.from('k8s\0')

/** How one field of a message becomes JSON. */
export interface Field {
  readonly name: string
  /** A scalar of protobuf, or the name of a message. */
  readonly type: string
  readonly isRepeated: boolean
  readonly isMap: boolean
  /** Its fields stand in the JSON of the message around it. */
  readonly isInline: boolean
  /** A zero is written: it says something else than no value. */
  readonly writesZero: boolean
}

/** By number. */
export type Message = ReadonlyMap<number, Field>

const messages = new Map<string, Message>()

/** @param name of a message that is there */
export function messageNamed(name: string): Message {
  const message = findMessage(name)
  assert(message !== undefined, () => `no message ${name}`)
  return message
}

export function findMessage(name: string): Message | undefined {
  const known = messages.get(name)
  if (known !== undefined) return known
  const fields = FILE.get(name)
  if (fields === undefined) return undefined
  const message = new Map(fields.map(([number, ...field]) => [number, fieldOf(...field)]))
  messages.set(name, message)
  return message
}

/** A list with a name of its own: in JSON it is the list alone. */
export function isNamedList(message: Message): boolean {
  const only = message.get(1)
  return message.size === 1 && only?.name === 'items' && only.type === 'string'
}

function fieldOf(name: string, type: string, flags: string): Field {
  const isMap = type.startsWith('map<')
  return {
    name,
    type: isMap ? type.slice('map<'.length, -1) : type,
    isRepeated: flags.includes('r'),
    isMap,
    isInline: flags.includes('i'),
    writesZero: flags.includes('z'),
  }
}
