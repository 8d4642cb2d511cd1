import { isValidLabelName } from './names.ts'
import type { StaticDiscoveryConfig, StaticGroup } from './types.ts'
import type { Cursor } from './yaml-reader.ts'

/** Reads `static_configs`. */
export function readStaticDiscovery(at: Cursor): StaticDiscoveryConfig | undefined {
  const groups = at.asList(element => {
    if (element.isNull) return element.fault('empty or null section in static_configs')
    return element.asFields((fields): StaticGroup => ({
      targets: fields.take('targets', list => list.asStringList(), []),
      labels: fields.take('labels', readLabels, {}),
    }))
  })
  return groups === undefined ? undefined : { kind: 'static', groups }
}

/** Addresses are `host` or `host:port`: no scheme, no path. */
export function isTargetAddress(address: string): boolean {
  return !address.includes('/')
}

function readLabels(at: Cursor): Record<string, string> | undefined {
  const entries = at.asEntries((value, name) => {
    if (!isValidLabelName(name, 'utf8')) return value.fault(`${JSON.stringify(name)} is not a valid label name`)
    return value.asString()
  })
  return entries === undefined ? undefined : Object.fromEntries(entries)
}
