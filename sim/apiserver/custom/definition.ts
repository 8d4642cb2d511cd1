import type { KubeObject, Stored, Subresource } from '../../cluster/index.ts'
import type { OpenApiNode } from '../../schema/index.ts'

/** A CustomResourceDefinition, as far as it is read here; its form has been checked against Kubernetes' own schema. */
export interface CustomResourceDefinition extends KubeObject {
  spec: {
    group: string
    scope: string
    names: {
      plural: string
      kind: string
      singular?: string
      listKind?: string
      shortNames?: string[]
      categories?: string[]
    }
    versions: DefinitionVersion[]
    conversion?: { strategy: string }
    preserveUnknownFields?: boolean
  }
  status?: {
    conditions?: { type: string; status: string; lastTransitionTime?: string; reason?: string; message?: string }[]
    acceptedNames?: object
    storedVersions?: string[]
  }
}

export interface DefinitionVersion {
  name: string
  served: boolean
  storage: boolean
  deprecated?: boolean
  schema?: { openAPIV3Schema?: OpenApiNode }
  subresources?: {
    status?: object
    scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string }
  }
  additionalPrinterColumns?: PrinterColumn[]
}

export interface PrinterColumn {
  name: string
  type: string
  jsonPath: string
  format?: string
  description?: string
  priority?: number
}

/** The version that objects are stored as. Validation sees to it that there is one. */
export function storageVersion({ spec }: Stored<CustomResourceDefinition>): DefinitionVersion {
  return spec.versions.find(version => version.storage)!
}

export function subresourcesOf({ subresources = {} }: DefinitionVersion): Subresource[] {
  return (['scale', 'status'] as const).filter(name => subresources[name] !== undefined)
}
