import { readRelabelRules } from './relabel-config.ts'
import type { Cursor, Fields } from './yaml-reader.ts'

/**
 * The sections of a `prometheus.yml` that have no effect here: they are judged for what is plainly wrong and then
 * accepted with a warning, so that a production file can be used as it is.
 */
export function readOtherSections(fields: Fields): void {
  fields.find('alerting')?.asFields(alerting => {
    alerting.take('alert_relabel_configs', list => readRelabelRules(list, 'utf8'), [])
    alerting.find('alertmanagers')?.asList(element => readAlertmanager(element))
    alerting.at.warn('alerting is accepted, but no alerts are sent')
  })
  readRemotes(fields, 'remote_write', 'nothing is written to a remote storage')
  readRemotes(fields, 'remote_read', 'nothing is read from a remote storage')
  fields.find('storage')?.asFields(readStorage)
  fields.find('tracing')?.asFields(readTracing)
  fields.find('otlp')?.asFields(readOtlp)
  // Tuning of Go's garbage collector.
  fields.find('runtime')?.asFields(runtime => runtime.find('gogc')?.asFloat())
}

function readAlertmanager(at: Cursor): undefined {
  if (at.isNull) return at.fault('empty or null alertmanager section')
  at.asFields(fields => {
    fields.take('relabel_configs', list => readRelabelRules(list, 'utf8'), [])
    fields.take('alert_relabel_configs', list => readRelabelRules(list, 'utf8'), [])
    ignoreRest(fields)
  })
  return undefined
}

function readRemotes(fields: Fields, name: 'remote_write' | 'remote_read', missing: string): void {
  const at = fields.find(name)
  if (at === undefined) return
  const names = new Set<string>()
  at.asList(element => {
    if (element.isNull) return element.fault(`empty or null ${name} section`)
    element.asFields(remote => {
      if (remote.string('url') === '') element.fault(`url for ${name} is empty`)
      const own = remote.string('name')
      if (own !== '' && names.has(own))
        element.fault(`found multiple ${name} sections with name ${JSON.stringify(own)}`)
      names.add(own)
      remote.take('headers', refuseReservedHeaders, undefined)
      remote.take('write_relabel_configs', list => readRelabelRules(list, 'utf8'), [])
      remote.find('queue_config')?.asFields(readQueue)
      ignoreRest(remote)
    })
    return undefined
  })
  at.warn(`${name} is accepted, but ${missing}`)
}

function readQueue(fields: Fields): void {
  const { at } = fields
  if (fields.count('capacity', 1) === 0) at.fault('queue_config capacity must be greater than 0')
  const minShards = fields.count('min_shards', 1)
  const maxShards = fields.count('max_shards', 50)
  if (minShards > maxShards) at.fault('queue_config min_shards must not be greater than max_shards')
  const minBackoffMs = fields.durationMs('min_backoff', 30)
  const maxBackoffMs = fields.durationMs('max_backoff', 5000)
  if (minBackoffMs > maxBackoffMs) at.fault('queue_config min_backoff must not be greater than max_backoff')
  ignoreRest(fields)
}

function readStorage(fields: Fields): void {
  fields.find('tsdb')?.asFields(tsdb => {
    tsdb.find('chunk_encoding')?.asFields(encoding => {
      encoding.find('floats')?.asOneOf(['xor', 'xor2'] as const, 'chunk encoding')
    })
    tsdb.find('retention')?.asFields(retention => {
      retention.durationMs('time')
      retention.take('size', value => value.asBytes(), 0)
      const percentage = retention.find('percentage')
      const share = percentage?.asFloat() ?? 0
      if (share < 0 || share > 100) percentage?.fault('retention percentage must be between 0 and 100')
    })
    ignoreRest(tsdb)
    tsdb.at.warn('storage.tsdb is accepted, but without effect; use the --storage.tsdb flags')
  })
  fields.find('exemplars')?.asFields(ignoreRest)
}

function readTracing(fields: Fields): void {
  fields.find('compression')?.asOneOf(['gzip'] as const, 'compression type')
  fields.take('headers', refuseReservedHeaders, undefined)
  ignoreRest(fields)
  fields.at.warn('tracing is accepted, but no traces are sent')
}

const TRANSLATIONS = [
  'UnderscoreEscapingWithSuffixes',
  'UnderscoreEscapingWithoutSuffixes',
  'NoUTF8EscapingWithSuffixes',
  'NoTranslation',
] as const

function readOtlp(fields: Fields): void {
  const { at } = fields
  const promoteAll = fields.bool('promote_all_resource_attributes', false)
  const promoted = fields.take('promote_resource_attributes', list => list.asStringList(), [])
  const ignored = fields.take('ignore_resource_attributes', list => list.asStringList(), [])
  if (promoteAll && promoted.length > 0) {
    at.fault("'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured simultaneously")
  }
  if (!promoteAll && ignored.length > 0) {
    at.fault("'ignore_resource_attributes' cannot be configured without 'promote_all_resource_attributes'")
  }
  for (const list of [promoted, ignored]) {
    if (list.some(name => name.trim() === '')) at.fault('empty resource attribute')
    if (new Set(list.map(name => name.trim())).size < list.length) at.fault('duplicated resource attribute')
  }
  fields.find('translation_strategy')?.asOneOf(TRANSLATIONS, 'translation strategy')
  ignoreRest(fields)
  at.warn('otlp is accepted, but no OTLP is received')
}

function refuseReservedHeaders(at: Cursor): undefined {
  at.asEntries((value, name) => {
    if (/^(?:authorization|x-prometheus-remote-(?:write|read)-version)$/i.test(name)) {
      value.fault(`setting header ${JSON.stringify(name)} is not allowed`)
    }
    return undefined
  })
  return undefined
}

/** Takes whatever is left: in a section without effect the names of further fields are not judged. */
function ignoreRest(fields: Fields): void {
  for (const name of fields.rest()) fields.find(name)
}
