const SPECIAL_IN_HELP = /[\\\n]/
const SPECIAL_IN_LABEL = /[\\"\n]/

/** Of Prometheus' text format: a HELP text. Most have nothing to escape. */
export function escapeHelp(text: string): string {
  return SPECIAL_IN_HELP.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n') : text
}

/** The same for the value of a label, and for what else stands in quotes. */
export function escapeLabelValue(value: string): string {
  return SPECIAL_IN_LABEL.test(value) ? escapeHelp(value).replaceAll('"', '\\"') : value
}
