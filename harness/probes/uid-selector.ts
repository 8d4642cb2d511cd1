import { UID_LABEL } from '../../sim/index.ts'

/** PromQL for the series of these pods. Uids of foreign traces may be any text. */
export function uidSelector(metric: string, uids: readonly string[]): string {
  return `${metric}{${UID_LABEL}=~${JSON.stringify(uids.map(literal).join('|'))}}`
}

/** As a regular expression, RE2's included, that matches just this text. */
function literal(uid: string): string {
  return /^[\w-]*$/.test(uid) ? uid : uid.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
