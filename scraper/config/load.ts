import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describeError } from '../../base/index.ts'
import { Labels } from '../model/index.ts'
import { ConfigError } from './errors.ts'
import { expandGlob } from './glob.ts'
import { type GlobalSection, readGlobal } from './global-config.ts'
import { resolveFile } from './http-client.ts'
import { readOtherSections } from './other-sections.ts'
import { readScrapeConfig } from './scrape-config.ts'
import type { Config, ScrapeConfig } from './types.ts'
import { type Cursor, type Findings, YamlFile } from './yaml-reader.ts'

export interface LoadOptions {
  /** Relative paths in the file start here. */
  readonly baseDir: string
  /** For `${NAME}` in external labels. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Judges the text of a `prometheus.yml` as Prometheus 3 does and returns it complete and frozen.
 *
 * What Prometheus would refuse is refused; what this scraper cannot do is refused by name when it would change results,
 * and otherwise accepted with a warning. Files named by `scrape_config_files` are read; all others only when needed.
 *
 * @throws ConfigError with all faults at once.
 */
export function loadConfig(text: string, options: LoadOptions): Config {
  const findings: Findings = { faults: [], warnings: [] }
  const file = new YamlFile(text, undefined, findings)
  if (!file.isReadable) throw new ConfigError(findings.faults)
  const config = file.root().asFields(fields => {
    const global = fields.take('global', at => readGlobal(at, options.env ?? process.env), NO_GLOBAL)
    const jobs: Job[] = []
    fields.find('scrape_configs')?.asList(at => collectJob(at, global, options.baseDir, jobs))
    fields.find('scrape_config_files')?.asList(at => readScrapeConfigFiles(at, global, options.baseDir, jobs, findings))
    refuseDuplicates(jobs)
    const ruleFiles = fields.take('rule_files', list => list.asStringList(), [])
    if (ruleFiles.length > 0) fields.find('rule_files')?.warn('rule_files are accepted, but no rules are evaluated')
    readOtherSections(fields)
    return { global: global.config, scrapeConfigs: jobs.map(job => job.config), ruleFiles }
  })
  if (findings.faults.length > 0 || config === undefined) {
    throw new ConfigError(findings.faults.toSorted((a, b) => a.line - b.line))
  }
  return deepFreeze({ ...config, warnings: findings.warnings, text })
}

interface Job {
  readonly config: ScrapeConfig
  readonly at: Cursor
}

const NO_GLOBAL: GlobalSection = {
  config: {
    scrapeIntervalMs: 60_000,
    scrapeTimeoutMs: 10_000,
    evaluationIntervalMs: 60_000,
    externalLabels: Labels.empty,
  },
  defaults: {
    bodySizeLimitBytes: 0,
    sampleLimit: 0,
    targetLimit: 0,
    labelLimit: 0,
    labelNameLengthLimit: 0,
    labelValueLengthLimit: 0,
    keepDroppedTargets: 0,
    nameScheme: undefined,
    escapingScheme: undefined,
    scrapeProtocols: undefined,
    nativeHistograms: undefined,
    convertClassicToNhcb: undefined,
    extraScrapeMetrics: undefined,
  },
}

function collectJob(at: Cursor, global: GlobalSection, baseDir: string, jobs: Job[]): undefined {
  const config = readScrapeConfig(at, global, baseDir)
  if (config !== undefined) jobs.push({ config, at })
  return undefined
}

function readScrapeConfigFiles(
  at: Cursor,
  global: GlobalSection,
  baseDir: string,
  jobs: Job[],
  findings: Findings,
): undefined {
  const pattern = at.asString()
  if (pattern === undefined || pattern === '') return undefined
  const paths = expandGlob(resolveFile(pattern, baseDir))
  if (paths === undefined) return at.fault(`${JSON.stringify(pattern)} is not a valid file pattern`)
  for (const path of paths) {
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      at.fault(`cannot read scrape config file: ${describeError(error)}`)
      continue
    }
    const file = new YamlFile(text, path, findings)
    if (!file.isReadable) continue
    file.root().asFields(fields => {
      fields.find('scrape_configs')?.asList(element => collectJob(element, global, dirname(path), jobs))
    })
  }
  return undefined
}

function refuseDuplicates(jobs: readonly Job[]): void {
  const seen = new Set<string>()
  for (const { config, at } of jobs) {
    if (config.jobName !== '' && seen.has(config.jobName)) {
      at.fault(`found multiple scrape configs with job name ${JSON.stringify(config.jobName)}`)
    }
    seen.add(config.jobName)
  }
}

/** Freezes plain objects and arrays; instances of classes guard themselves. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== Array.prototype) return value
  Object.freeze(value)
  for (const child of Object.values(value)) deepFreeze(child)
  return value
}
