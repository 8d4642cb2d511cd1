/** A node of an OpenAPI v3 schema, as Kubernetes publishes them and definitions of custom resources contain them. */
export interface OpenApiNode {
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly required?: readonly string[]
  readonly nullable?: boolean
  readonly $ref?: string
  readonly allOf?: readonly OpenApiNode[]
  readonly oneOf?: readonly OpenApiNode[]
  readonly properties?: Readonly<Record<string, OpenApiNode>>
  readonly additionalProperties?: OpenApiNode | boolean
  readonly items?: OpenApiNode
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'map' | 'set'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular'
  readonly 'x-kubernetes-patch-strategy'?: string
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
}

/** The node that a `$ref` names; `undefined` for an unknown one. */
export type Resolver = (reference: string) => OpenApiNode | undefined

export type SchemaKind =
  | 'object'
  | 'map'
  | 'list'
  | 'string'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'int-or-string'
  | 'quantity'
  /** Anything; what it is shows in the value. */
  | 'any'

/**
 * What a value may be, and how Kubernetes merges it: an OpenAPI node with its references followed, one level at a time,
 * since some types contain themselves.
 */
export class Schema {
  readonly kind: SchemaKind
  readonly node: OpenApiNode
  readonly #resolve: Resolver
  readonly #fields = new Map<string, Schema | undefined>()
  #items: Schema | undefined

  constructor(node: OpenApiNode, resolve: Resolver) {
    this.node = followed(node, resolve)
    this.#resolve = resolve
    this.kind = kindOf(this.node)
  }

  /** Of an object: the schema of one of its fields; `undefined` for an unknown one. */
  field(name: string): Schema | undefined {
    const known = this.#fields.get(name)
    if (known !== undefined) return known
    const { properties } = this.node
    if (properties === undefined || !Object.hasOwn(properties, name)) return undefined
    const schema = new Schema(properties[name]!, this.#resolve)
    this.#fields.set(name, schema)
    return schema
  }

  /** Of a value inside, by name: a field of an object, or any value of a map. */
  member(name: string): Schema | undefined {
    if (this.kind === 'object') return this.field(name)
    return this.kind === 'map' ? this.element : undefined
  }

  /** Of a list: that of its items. Of a map: that of its values. */
  get element(): Schema {
    if (this.#items === undefined) {
      const { items, additionalProperties } = this.node
      const node = this.kind === 'list' ? items : typeof additionalProperties === 'object' ? additionalProperties : {}
      this.#items = new Schema(node ?? {}, this.#resolve)
    }
    return this.#items
  }

  /** Merged and owned as a whole, as server-side apply sees it. */
  get isAtomic(): boolean {
    if (this.kind === 'list') return (this.node['x-kubernetes-list-type'] ?? 'atomic') === 'atomic'
    return this.node['x-kubernetes-map-type'] === 'atomic'
  }

  /** Of a list whose items are told apart by some of their fields: those fields; empty for other lists. */
  get listKeys(): readonly string[] {
    return this.node['x-kubernetes-list-type'] === 'map' ? (this.node['x-kubernetes-list-map-keys'] ?? []) : []
  }

  /** Of a list: each value is there once. */
  get isSet(): boolean {
    return this.node['x-kubernetes-list-type'] === 'set'
  }

  /** How strategic merge patch treats a list or object: `merge`, `retainKeys`, both, or as a whole. */
  get patchStrategies(): readonly string[] {
    return this.node['x-kubernetes-patch-strategy']?.split(',') ?? []
  }

  /** Of a list that strategic merge patch merges: the field by which its items are the same; none for a list of strings. */
  get patchMergeKey(): string | undefined {
    return this.node['x-kubernetes-patch-merge-key']
  }

  /** Fields that are not named are kept. */
  get keepsUnknown(): boolean {
    return this.node['x-kubernetes-preserve-unknown-fields'] === true
  }
}

/** Where references lead, with what stands beside them, which wins. */
function followed(node: OpenApiNode, resolve: Resolver): OpenApiNode {
  const reference = node.$ref ?? (node.allOf?.length === 1 ? node.allOf[0]!.$ref : undefined)
  if (reference === undefined) return node
  const target = resolve(reference)
  if (target === undefined) return node
  const { $ref: _ref, allOf: _all, ...beside } = node
  return { ...followed(target, resolve), ...beside }
}

function kindOf(node: OpenApiNode): SchemaKind {
  if (node['x-kubernetes-int-or-string'] === true || node.format === 'int-or-string') return 'int-or-string'
  switch (node.type) {
    case 'object':
      if (node.properties !== undefined) return 'object'
      return node.additionalProperties === undefined || node.additionalProperties === false ? 'any' : 'map'
    case 'array':
      return 'list'
    case 'string':
    case 'integer':
    case 'number':
    case 'boolean':
      return node.type
    case undefined:
      if (node.properties !== undefined) return 'object'
      // The only type of Kubernetes that is a text or a number.
      return node.oneOf?.some(({ type }) => type === 'string') === true ? 'quantity' : 'any'
    default:
      return 'any'
  }
}
