import { createHash } from 'node:crypto'
import type { ChurnEvent } from '../churn-event.ts'

/**
 * The events of a trace as they are in its n-th clone; the 0th is the trace itself.
 *
 * A clone is a cluster of its own beside the others: its nodes and namespaces carry a suffix, its pods have uids and
 * addresses of their own. Names, labels and owners within a namespace stay, so that selectors and rules still fit.
 */
export function cloned(event: ChurnEvent, clone: number): ChurnEvent {
  if (clone === 0 || event.kind === 'action') return event
  if (event.kind === 'node') return { ...event, name: suffixed(event.name, clone) }
  const namespace = suffixed(event.namespace, clone)
  if (event.kind !== 'pod') return { ...event, namespace }
  return {
    ...event,
    namespace,
    uid: clonedUid(event.uid, clone),
    ...(event.node === undefined ? {} : { node: suffixed(event.node, clone) }),
    ...(event.address === undefined ? {} : { address: clonedAddress(event.address, clone) }),
  }
}

function suffixed(name: string, clone: number): string {
  return `${name}-clone${clone}`
}

/** A UUID of the name-based kind. */
function clonedUid(uid: string, clone: number): string {
  const hex = createHash('sha1').update(`${clone}/${uid}`).digest('hex')
  const variant = ((parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`
}

/** `10.0.0.3` is `11.0.0.3` in the first clone: in a trace, addresses only have to differ. */
function clonedAddress(address: string, clone: number): string {
  const [, first, rest] = /^(\d+)(\..*)$/.exec(address) ?? []
  if (first === undefined) return address.includes(':') ? `fd${clone.toString(16)}:${address}`.slice(0, 45) : address
  return `${(Number(first) + clone) % 256}${rest}`
}
