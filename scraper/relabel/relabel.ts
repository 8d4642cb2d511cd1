import { createHash } from 'node:crypto'
import { unreachable } from '../../base/index.ts'
import type { LabelsBuilder } from '../model/index.ts'
import type { RelabelRule } from './relabel-rule.ts'

/**
 * Applies the rules in order to the labels in `builder`.
 *
 * @returns false when a rule dropped the whole set; the builder's content is then of no use.
 */
export function relabel(rules: readonly RelabelRule[], builder: LabelsBuilder): boolean {
  for (const rule of rules) if (!applyRule(rule, builder)) return false
  return true
}

function applyRule(rule: RelabelRule, builder: LabelsBuilder): boolean {
  switch (rule.action) {
    case 'keep':
      return matches(rule, sourceValue(rule, builder))
    case 'drop':
      return !matches(rule, sourceValue(rule, builder))
    case 'keepequal':
      return builder.get(rule.targetLabel) === sourceValue(rule, builder)
    case 'dropequal':
      return builder.get(rule.targetLabel) !== sourceValue(rule, builder)
    case 'replace':
      replace(rule, sourceValue(rule, builder), builder)
      return true
    case 'lowercase':
      builder.set(
        rule.targetLabel,
        mapCase(sourceValue(rule, builder), char => char.toLowerCase()),
      )
      return true
    case 'uppercase':
      builder.set(
        rule.targetLabel,
        mapCase(sourceValue(rule, builder), char => char.toUpperCase()),
      )
      return true
    case 'hashmod':
      builder.set(rule.targetLabel, hashMod(sourceValue(rule, builder), rule.modulus))
      return true
    case 'labelmap':
      labelMap(rule, builder)
      return true
    case 'labeldrop':
      for (const name of builder.names()) if (matches(rule, name)) builder.delete(name)
      return true
    case 'labelkeep':
      for (const name of builder.names()) if (!matches(rule, name)) builder.delete(name)
      return true
    default:
      return unreachable(rule.action)
  }
}

function sourceValue(rule: RelabelRule, builder: LabelsBuilder): string {
  const { sourceLabels } = rule
  if (sourceLabels.length === 1) return builder.get(sourceLabels[0]!)
  return sourceLabels.map(name => builder.get(name)).join(rule.separator)
}

function matches(rule: RelabelRule, text: string): boolean {
  if (rule.matchesAll) return true
  const { prefix } = rule
  if (prefix !== undefined) return text.length >= prefix.text.length + prefix.minRest && text.startsWith(prefix.text)
  return rule.literal === undefined ? rule.regex.matches(text) : rule.literal === text
}

function replace(rule: RelabelRule, value: string, builder: LabelsBuilder): void {
  if (!matches(rule, value)) return
  const target = expand(rule, value, rule.targetLabel)
  if (!rule.isValidName(target)) return
  builder.set(target, expand(rule, value, rule.replacement))
}

/** `template` with the groups filled in; `value` is known to match. */
function expand(rule: RelabelRule, value: string, template: string): string {
  if (!template.includes('$')) return template
  if (template === '$1') {
    if (rule.matchesAll) return value
    if (rule.prefix !== undefined) return value.slice(rule.prefix.text.length)
  }
  return rule.regex.expand(value, template) ?? ''
}

/** Values are those from before the rule: a label that it writes is not mapped again. */
function labelMap(rule: RelabelRule, builder: LabelsBuilder): void {
  const found: [target: string, value: string][] = []
  for (const name of builder.names()) {
    if (matches(rule, name)) found.push([expand(rule, name, rule.replacement), builder.get(name)])
  }
  for (const [target, value] of found) if (target !== '') builder.set(target, value)
}

/** The last eight bytes of the MD5, big endian, modulo `modulus`. */
function hashMod(value: string, modulus: bigint): string {
  const digest = createHash('md5').update(value).digest()
  return (digest.readBigUInt64BE(8) % modulus).toString()
}

/** Character by character as in Go, where one character never becomes two (`ß` stays). */
function mapCase(text: string, map: (char: string) => string): string {
  let out = ''
  for (const char of text) {
    const mapped = map(char)
    out += mapped.length === char.length ? mapped : char
  }
  return out
}
