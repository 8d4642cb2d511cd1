import path from 'node:path'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type YAMLMap } from 'yaml'
import { pathEdits } from './config-paths.ts'
import { configError } from './errors.ts'
import { applyEdits, type TextEdit } from './text-edit.ts'

/** What is written into each `kubernetes_sd_configs` entry that means "the cluster I run in". */
export interface ApiServerEntry {
  readonly url: string
  /** Absolute paths of files that hold the bearer token and the CA certificate. */
  readonly credentialsFile: string
  readonly caFile: string
}

export interface FilledConfig {
  readonly text: string
  /** Number of `kubernetes_sd_configs` entries, those left alone included. */
  readonly kubernetesSdCount: number
  /** Sentences for the user, about entries that were left alone. */
  readonly warnings: readonly string[]
  /** For a line of `text`, the line of the user's own file. */
  sourceLine(line: number): number
}

/** Would stand twice in an entry after filling; Prometheus refuses each of them beside no `api_server`. */
const CLIENT_KEYS = ['authorization', 'basic_auth', 'bearer_token', 'bearer_token_file', 'oauth2', 'tls_config']

/**
 * Points a user's `prometheus.yml` at the simulated API server.
 *
 * Every `kubernetes_sd_configs` entry, in scrape jobs and under `alerting`, without an `api_server` or a
 * `kubeconfig_file` gets the address, the token and the CA. Lines are inserted and nothing else is touched: comments,
 * quotes, anchors and order stay byte for byte. With `configDir`, relative paths of files are made absolute, since the
 * subject reads its configuration from another folder than the user's.
 *
 * @throws SubjectError CHURN_SUBJECT_CONFIG with all faults, each with its line.
 */
export function fillPrometheusConfig(source: string, api: ApiServerEntry, configDir?: string): FilledConfig {
  const lines = new LineCounter()
  const doc = parseDocument(source, { lineCounter: lines, prettyErrors: false })
  const lineOf = (offset: number): number => lines.linePos(offset).line
  const faults = doc.errors.map(error => `line ${lineOf(error.pos[0])}: ${error.message}`)
  if (faults.length === 0 && !isMap(doc.contents)) faults.push('line 1: it is not a mapping with scrape_configs')
  if (faults.length > 0) throw configError('churnbench', faults)

  const warnings: string[] = []
  const edits: TextEdit[] = configDir === undefined ? [] : pathEdits(doc, source, path.resolve(configDir))
  const entries = kubernetesEntries(doc)
  const eol = source.includes('\r\n') ? '\r\n' : '\n'
  for (const entry of entries) {
    const line = lineOf(entry.range?.[0] ?? 0)
    const keys = effectiveKeys(doc, entry)
    const own = ['api_server', 'kubeconfig_file'].find(key => keys.has(key))
    if (own !== undefined) {
      warnings.push(`line ${line}: this kubernetes_sd_configs entry has its own ${own} and is left alone`)
      continue
    }
    for (const key of CLIENT_KEYS) {
      if (keys.has(key)) faults.push(`line ${line}: a kubernetes_sd_configs entry with ${key} needs an api_server`)
    }
    if (ownNamespace(doc, entry)) {
      faults.push(`line ${line}: own_namespace means something only inside a cluster; list the namespace under names`)
    }
    edits.push(insertion(source, entry, api, eol))
  }
  if (doc.has('scrape_config_files')) {
    warnings.push('scrape_config_files are not filled in: Kubernetes jobs in them do not reach the simulated cluster')
  }
  if (faults.length > 0) throw configError('churnbench', faults)
  const edited = applyEdits(source, edits)
  return { ...edited, kubernetesSdCount: entries.length, warnings }
}

/** All entries of all `kubernetes_sd_configs`, each once, aliases followed. */
function kubernetesEntries(doc: Document): YAMLMap[] {
  const found = new Set<YAMLMap>()
  const owners = [...items(doc, doc.get('scrape_configs', true))]
  const alerting = follow(doc, doc.get('alerting', true))
  if (isMap(alerting)) owners.push(...items(doc, alerting.get('alertmanagers', true)))
  for (const owner of owners) {
    if (!isMap(owner)) continue
    for (const map of [owner, ...mergedMaps(doc, owner)]) {
      for (const entry of items(doc, map.get('kubernetes_sd_configs', true))) if (isMap(entry)) found.add(entry)
    }
  }
  return [...found]
}

function items(doc: Document, node: unknown): unknown[] {
  const list = follow(doc, node)
  return isSeq(list) ? list.items.map(item => follow(doc, item)) : []
}

function follow(doc: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(doc) : node
}

/** Maps that `<<` brings into `map`, directly or through another. */
function mergedMaps(doc: Document, map: YAMLMap): YAMLMap[] {
  const merged: YAMLMap[] = []
  for (const pair of map.items) {
    if (!isScalar(pair.key) || pair.key.value !== '<<') continue
    const value = follow(doc, pair.value)
    for (const each of isSeq(value) ? items(doc, value) : [value]) {
      if (isMap(each)) merged.push(each, ...mergedMaps(doc, each))
    }
  }
  return merged
}

function effectiveKeys(doc: Document, entry: YAMLMap): Set<string> {
  const keys = new Set<string>()
  for (const map of [entry, ...mergedMaps(doc, entry)]) {
    for (const pair of map.items) if (isScalar(pair.key)) keys.add(String(pair.key.value))
  }
  return keys
}

function ownNamespace(doc: Document, entry: YAMLMap): boolean {
  for (const map of [entry, ...mergedMaps(doc, entry)]) {
    const namespaces = follow(doc, map.get('namespaces', true))
    if (isMap(namespaces) && namespaces.get('own_namespace') === true) return true
  }
  return false
}

/** The new keys go before the entry's first one: there the column is known, and no comment is torn from its line. */
function insertion(source: string, entry: YAMLMap, api: ApiServerEntry, eol: string): TextEdit {
  const keys = [
    `api_server: ${JSON.stringify(api.url)}`,
    `authorization: { type: Bearer, credentials_file: ${JSON.stringify(api.credentialsFile)} }`,
    `tls_config: { ca_file: ${JSON.stringify(api.caFile)} }`,
  ]
  if (entry.flow === true) {
    const start = entry.range![0] + 1
    return { start, end: start, text: ` ${keys.join(', ')}${entry.items.length > 0 ? ',' : ''} ` }
  }
  const firstKey = entry.items[0]!.key
  const start = isScalar(firstKey) ? firstKey.range![0] : entry.range![0]
  const column = start - (source.lastIndexOf('\n', start - 1) + 1)
  const indent = eol + ' '.repeat(column)
  return { start, end: start, text: keys.map(key => key + indent).join('') }
}
