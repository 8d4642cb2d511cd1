import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml'
import type { ConfigFault, ConfigWarning } from './errors.ts'
import { parsePromDuration } from './prom-duration.ts'

/** Where faults and warnings are gathered while a file is read. */
export interface Findings {
  readonly faults: ConfigFault[]
  readonly warnings: ConfigWarning[]
}

/**
 * A place in a YAML file: the value there and the way to it.
 *
 * The `as…` readers judge the value and return `undefined` after noting a fault, so that one pass finds everything.
 * A value that is not there, or `null`, is not a fault: `isNull` says so, and readers of optional fields use `take`.
 */
export class Cursor {
  readonly path: string
  readonly #file: YamlFile
  readonly #node: Node | null
  readonly #offset: number

  constructor(file: YamlFile, node: Node | null, path: string, offset: number) {
    this.#file = file
    this.#node = file.resolve(node)
    this.path = path
    this.#offset = node?.range?.[0] ?? offset
  }

  get isNull(): boolean {
    return this.#node === null || (isScalar(this.#node) && this.#node.value === null)
  }

  fault(message: string): undefined {
    this.#file.findings.faults.push(this.#finding(message))
    return undefined
  }

  /** Accepted, but the reader of the file should know. */
  warn(message: string): void {
    this.#file.findings.warnings.push(this.#finding(message))
  }

  asString(): string | undefined {
    if (this.isNull) return ''
    const node = this.#node
    if (!isScalar(node)) return this.fault('must be a string')
    if (typeof node.value === 'string') return node.value
    if (node.value instanceof Uint8Array) {
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(node.value)
      } catch {
        return this.fault('is not valid UTF-8')
      }
    }
    // A number, a boolean or a date where text is expected means its text, as in Prometheus.
    return node.source ?? String(node.value)
  }

  asBool(): boolean | undefined {
    const text = this.#plainText()
    if (text !== undefined && /^(?:true|True|TRUE|yes|Yes|YES|on|On|ON|y|Y)$/.test(text)) return true
    if (text !== undefined && /^(?:false|False|FALSE|no|No|NO|off|Off|OFF|n|N)$/.test(text)) return false
    return this.fault(`${this.#shown()} is not true or false`)
  }

  /** A whole number, not negative and exact. */
  asCount(): number | undefined {
    const text = this.#plainText()
    const value = text !== undefined && /^\d+$/.test(text) ? Number(text) : NaN
    if (!Number.isSafeInteger(value)) return this.fault(`${this.#shown()} is not a whole number of 0 or more`)
    return value
  }

  asFloat(): number | undefined {
    const text = this.#plainText()
    const value = text === undefined || text === '' ? NaN : Number(text)
    if (Number.isNaN(value)) return this.fault(`${this.#shown()} is not a number`)
    return value
  }

  /** Milliseconds. */
  asDurationMs(): number | undefined {
    const text = this.#plainText()
    const ms = text === undefined ? undefined : parsePromDuration(text)
    if (ms === undefined) return this.fault(`not a valid duration string: ${this.#shown()}; write it like 15s or 1m30s`)
    return ms
  }

  /** `10MB`, `512KiB`: always powers of 1 024, as in Prometheus. */
  asBytes(): number | undefined {
    const match = /^(\d+(?:\.\d+)?)\s*(?:([KMGTPE])i?)?B$|^0$/i.exec(this.#plainText() ?? '')
    if (match === null) return this.fault(`${this.#shown()} is not a size; write it like 512KB or 10MB`)
    if (match[1] === undefined) return 0
    const power = match[2] === undefined ? 0 : 'KMGTPE'.indexOf(match[2].toUpperCase()) + 1
    return Math.floor(Number(match[1]) * 1024 ** power)
  }

  asOneOf<T extends string>(allowed: readonly T[], what: string): T | undefined {
    const text = this.asString()
    if (text === undefined) return undefined
    const found = allowed.find(value => value === text)
    return found ?? this.fault(`unknown ${what} ${JSON.stringify(text)}, must be one of ${allowed.join(', ')}`)
  }

  /** The elements, each with its path; what an element's reader could not read is left out. */
  asList<T>(read: (element: Cursor) => T | undefined): T[] | undefined {
    if (this.isNull) return []
    const node = this.#node
    if (!isSeq(node)) return this.fault('must be a list')
    const out: T[] = []
    node.items.forEach((item, index) => {
      const element = new Cursor(this.#file, item as Node | null, `${this.path}[${index}]`, this.#offset)
      const value = read(element)
      if (value !== undefined) out.push(value)
    })
    return out
  }

  asStringList(): string[] | undefined {
    return this.asList(element => element.asString())
  }

  /** Reads a mapping whose keys are free, e.g. labels. */
  asEntries<T>(read: (value: Cursor, key: string) => T | undefined): [key: string, value: T][] | undefined {
    if (this.isNull) return []
    const node = this.#node
    if (!isMap(node)) return this.fault('must be a mapping')
    const out: [string, T][] = []
    for (const { key, value } of node.items) {
      const keyCursor = new Cursor(this.#file, key as Node | null, this.path, this.#offset)
      const name = keyCursor.asString()
      if (name === undefined) continue
      const read1 = read(this.#child(name, value as Node | null, keyCursor.#offset), name)
      if (read1 !== undefined) out.push([name, read1])
    }
    return out
  }

  /** Reads a mapping whose keys are known: `read` takes its fields; what nobody took is a fault. */
  asFields<T>(read: (fields: Fields) => T): T | undefined {
    const node = this.#node
    if (!this.isNull && !isMap(node)) return this.fault('must be a mapping')
    const values = new Map<string, Cursor>()
    for (const { key, value } of isMap(node) ? node.items : []) {
      const keyCursor = new Cursor(this.#file, key as Node | null, this.path, this.#offset)
      const name = keyCursor.asString()
      if (name !== undefined) values.set(name, this.#child(name, value as Node | null, keyCursor.#offset))
    }
    const fields = new Fields(this, values)
    const out = read(fields)
    fields.refuseRest()
    return out
  }

  #child(name: string, value: Node | null, offset: number): Cursor {
    return new Cursor(this.#file, value, this.path === '' ? name : `${this.path}.${name}`, offset)
  }

  /** The text of an unquoted or quoted scalar, e.g. `15s`, `10`, `yes`. */
  #plainText(): string | undefined {
    const node = this.#node
    if (!isScalar(node)) return undefined
    return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
  }

  #shown(): string {
    return JSON.stringify(this.#plainText() ?? '')
  }

  #finding(message: string): ConfigFault {
    return { file: this.#file.name, line: this.#file.lineAt(this.#offset), path: this.path, message }
  }
}

/** The fields of one mapping, taken one by one. */
export class Fields {
  /** The mapping itself, for faults that concern several fields. */
  readonly at: Cursor
  readonly #values: Map<string, Cursor>
  readonly #taken = new Set<string>()

  constructor(at: Cursor, values: Map<string, Cursor>) {
    this.at = at
    this.#values = values
  }

  /** The field, unless absent or null. */
  find(name: string): Cursor | undefined {
    this.#taken.add(name)
    const value = this.#values.get(name)
    return value === undefined || value.isNull ? undefined : value
  }

  /** Whether the field is written at all, be it with null. */
  isWritten(name: string): boolean {
    return this.#values.has(name)
  }

  /** The field also when it is null; `undefined` when absent. */
  findWritten(name: string): Cursor | undefined {
    this.#taken.add(name)
    return this.#values.get(name)
  }

  take<T>(name: string, read: (value: Cursor) => T | undefined, fallback: T): T {
    const value = this.find(name)
    return value === undefined ? fallback : (read(value) ?? fallback)
  }

  string(name: string, fallback = ''): string {
    return this.take(name, value => value.asString(), fallback)
  }

  bool(name: string, fallback: boolean): boolean {
    return this.take(name, value => value.asBool(), fallback)
  }

  count(name: string, fallback = 0): number {
    return this.take(name, value => value.asCount(), fallback)
  }

  durationMs(name: string, fallback = 0): number {
    return this.take(name, value => value.asDurationMs(), fallback)
  }

  /** Names that are written but have not been taken. */
  rest(): string[] {
    return [...this.#values.keys()].filter(name => !this.#taken.has(name))
  }

  refuseRest(): void {
    for (const name of this.rest()) this.#values.get(name)!.fault(`field ${name} not found`)
  }
}

/** One parsed YAML file. */
export class YamlFile {
  readonly name: string | undefined
  readonly findings: Findings
  readonly #document: Document.Parsed
  readonly #lines: LineCounter

  /** @param name shown in faults; `undefined` for the main file. */
  constructor(text: string, name: string | undefined, findings: Findings) {
    this.name = name
    this.findings = findings
    this.#lines = new LineCounter()
    this.#document = parseDocument(text, { lineCounter: this.#lines, merge: true, customTags: ['binary'] })
    for (const error of this.#document.errors) {
      const message = error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')
      findings.faults.push({ file: name, line: this.lineAt(error.pos[0]), path: '', message: `YAML: ${message}` })
    }
  }

  /** Whether the text is YAML at all; if not, its faults are told already and there is nothing to read. */
  get isReadable(): boolean {
    return this.#document.errors.length === 0
  }

  root(): Cursor {
    return new Cursor(this, this.#document.contents, '', 0)
  }

  resolve(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#document) ?? null) : node
  }

  lineAt(offset: number): number {
    return this.#lines.linePos(offset).line
  }
}
