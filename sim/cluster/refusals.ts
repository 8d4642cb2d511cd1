import { ApiError } from './errors.ts'
import type { ResourceType } from './resources.ts'

function qualified(type: ResourceType): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`
}

export function notFound(type: ResourceType, name: string): ApiError {
  return new ApiError('NotFound', `${qualified(type)} "${name}" not found`, {
    name,
    ...(type.group === '' ? {} : { group: type.group }),
    kind: type.plural,
  })
}

export function conflict(type: ResourceType, name: string): ApiError {
  return new ApiError(
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(type)} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    { name, ...(type.group === '' ? {} : { group: type.group }), kind: type.plural },
  )
}
