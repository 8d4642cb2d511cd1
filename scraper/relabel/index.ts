export { relabel } from './relabel.ts'
export {
  DEFAULT_REGEX,
  DEFAULT_REPLACEMENT,
  DEFAULT_SEPARATOR,
  literalOf,
  prefixOf,
  RELABEL_ACTIONS,
  type RelabelAction,
  type RelabelRule,
} from './relabel-rule.ts'
