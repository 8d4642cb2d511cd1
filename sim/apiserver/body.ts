import { parse as parseYamlText, YAMLError } from 'yaml'
import { JSON_TYPE, PROTOBUF_TYPE, YAML_TYPE } from './media-types.ts'
import { ApiError } from '../cluster/index.ts'
import { decodeProtobuf, ProtobufError } from '../schema/index.ts'
import { parseJson } from './json.ts'
import { unsupportedMediaType } from './patch.ts'

/**
 * Reads the body of a request in the encoding that it says; without one it is JSON.
 *
 * @throws ApiError BadRequest, UnsupportedMediaType
 */
export function parseBody(mediaType: string, bytes: Buffer): unknown {
  switch (mediaType) {
    case '':
    case JSON_TYPE:
      return parseJson(bytes.toString())
    case YAML_TYPE:
      return parseYaml(bytes.toString())
    case PROTOBUF_TYPE:
      try {
        return decodeProtobuf(bytes)
      } catch (error) {
        if (error instanceof ProtobufError) throw new ApiError('BadRequest', error.message)
        throw error
      }
    default:
      throw unsupportedMediaType([JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE])
  }
}

/** @throws ApiError BadRequest */
export function parseYaml(text: string): unknown {
  // Most of what is applied is JSON, which is YAML and read faster.
  if (text.startsWith('{')) return parseJson(text)
  try {
    return parseYamlText(text, { maxAliasCount: 100 })
  } catch (error) {
    if (error instanceof YAMLError || error instanceof ReferenceError) {
      throw new ApiError('BadRequest', `error decoding YAML: ${error.message.split('\n')[0]!}`)
    }
    throw error
  }
}
