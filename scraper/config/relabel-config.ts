import { AnchoredRegex } from '../model/index.ts'
import {
  DEFAULT_REGEX,
  DEFAULT_REPLACEMENT,
  DEFAULT_SEPARATOR,
  literalOf,
  prefixOf,
  RELABEL_ACTIONS,
  type RelabelAction,
  type RelabelRule,
} from '../relabel/index.ts'
import { isUnicode, isValidLabelName, type NameScheme } from './names.ts'
import type { Cursor, Fields } from './yaml-reader.ts'

const NEEDS_TARGET = new Set<RelabelAction>(['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'])
const TAKES_NO_REPLACEMENT = new Set<RelabelAction>(['lowercase', 'uppercase', 'keepequal', 'dropequal'])

/** A label name in which `$1`, `${name}` may stand for what a group matched. */
const LEGACY_TEMPLATE = /^(?:[a-zA-Z_]|\$\w|\$\{\w+\})(?:\w|\$\w|\$\{\w+\})*$/

/** Reads `relabel_configs` or `metric_relabel_configs`. */
export function readRelabelRules(at: Cursor, scheme: NameScheme): RelabelRule[] | undefined {
  return at.asList(element => {
    if (element.isNull) return element.fault('empty or null relabeling rule')
    return element.asFields(fields => readRule(fields, scheme))
  })
}

function readRule(fields: Fields, scheme: NameScheme): RelabelRule | undefined {
  const action = readAction(fields)
  const sourceLabels = fields.take('source_labels', at => readSourceLabels(at), [])
  const separator = writtenString(fields, 'separator', DEFAULT_SEPARATOR)
  const replacement = writtenString(fields, 'replacement', DEFAULT_REPLACEMENT)
  const targetLabel = fields.string('target_label')
  const modulus = fields.take('modulus', readModulus, 0n)
  const regexAt = fields.find('regex')
  const pattern = regexAt === undefined ? DEFAULT_REGEX : (regexAt.asString() ?? DEFAULT_REGEX)
  let regex: AnchoredRegex
  try {
    regex = new AnchoredRegex(pattern)
  } catch (error) {
    regexAt?.fault(`${JSON.stringify(pattern)} is not a regular expression (RE2): ${(error as Error).message}`)
    return undefined
  }
  if (action === undefined) return undefined

  const { at } = fields
  const isValidName = (name: string): boolean => isValidLabelName(name, scheme)
  if (action === 'hashmod' && modulus === 0n) {
    at.fault('relabel configuration for hashmod requires non-zero modulus')
  }
  if (NEEDS_TARGET.has(action)) {
    if (targetLabel === '') {
      at.fault(`relabel configuration for ${action} action requires 'target_label' value`)
    } else if (!(action === 'replace' ? isValidTemplate(targetLabel, scheme) : isValidName(targetLabel))) {
      at.fault(`${JSON.stringify(targetLabel)} is invalid 'target_label' for ${action} action`)
    }
  }
  if (action === 'labelmap' && !isValidTemplate(replacement, scheme)) {
    at.fault(`${JSON.stringify(replacement)} is invalid 'replacement' for labelmap action`)
  }
  if (TAKES_NO_REPLACEMENT.has(action) && replacement !== DEFAULT_REPLACEMENT) {
    at.fault(`'replacement' can not be set for ${action} action`)
  }
  const setsOthers = modulus !== 0n || separator !== DEFAULT_SEPARATOR || replacement !== DEFAULT_REPLACEMENT
  if ((action === 'keepequal' || action === 'dropequal') && (setsOthers || regexAt !== undefined)) {
    at.fault(`${action} action requires only 'source_labels' and 'target_label', and no other fields`)
  }
  if (
    (action === 'labeldrop' || action === 'labelkeep') &&
    (setsOthers || targetLabel !== '' || fields.isWritten('source_labels'))
  ) {
    at.fault(`${action} action requires only 'regex', and no other fields`)
  }
  return {
    action,
    sourceLabels,
    separator,
    regex,
    literal: literalOf(pattern),
    prefix: prefixOf(pattern),
    matchesAll: pattern === DEFAULT_REGEX,
    modulus,
    targetLabel,
    replacement,
    isValidName,
  }
}

function readAction(fields: Fields): RelabelAction | undefined {
  const at = fields.findWritten('action')
  if (at === undefined) return 'replace'
  const text = at.asString()
  if (text === undefined) return undefined
  if (text === '') return at.fault('relabel action cannot be empty')
  const action = RELABEL_ACTIONS.find(name => name === text.toLowerCase())
  return (
    action ?? at.fault(`unknown relabel action ${JSON.stringify(text)}, must be one of ${RELABEL_ACTIONS.join(', ')}`)
  )
}

/** Names of source labels may be any text here: one that cannot exist is simply empty. */
function readSourceLabels(at: Cursor): string[] | undefined {
  return at.asList(element => {
    const name = element.asString()
    return name === '' ? element.fault('"" is not a valid label name') : name
  })
}

function readModulus(at: Cursor): bigint | undefined {
  const text = at.asString()
  if (text === undefined) return undefined
  if (!/^\d+$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn) {
    return at.fault(`${JSON.stringify(text)} is not a whole number of 0 or more`)
  }
  return BigInt(text)
}

/** Text whose explicit emptiness matters: `replacement: ""` deletes, no replacement copies. */
function writtenString(fields: Fields, name: string, fallback: string): string {
  return fields.find(name)?.asString() ?? fallback
}

function isValidTemplate(template: string, scheme: NameScheme): boolean {
  if (!template.includes('$')) return isValidLabelName(template, scheme)
  return scheme === 'legacy' ? LEGACY_TEMPLATE.test(template) : isUnicode(template)
}
