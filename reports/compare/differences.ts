import { isDeepStrictEqual } from 'node:util'
import { comparedRuns } from '../compare-report.ts'
import type { EnvironmentInfo, Report, Warning } from '../report.ts'
import { formatBytes, plural } from '../render/format.ts'
import { EXCLUDED_SHARE_MAX } from './policy.ts'
import { isUsable } from './trials.ts'

export interface Differences {
  /** Sentences: with any of these, a difference of the figures says nothing about the subject. */
  readonly fatal: readonly string[]
  /** What differs and may, or is meant to. */
  readonly warnings: readonly Warning[]
}

/** Fields of a scenario that judge a run and do not shape it. */
const JUDGEMENT = new Set(['name', 'description', 'thresholds', 'gates', 'profiles'])
/** Fields named in a sentence before it says how many more there are. */
const NAMED_MAX = 5
/** The kernel keeps a little more or less for itself from boot to boot. */
const MEMORY_RATIO_MAX = 1.1
/** The highest number of pods is read once a second and may miss a peak. */
const PODS_RATIO_MAX = 1.05
const AGE_DAYS_MAX = 30
const DAY_MS = 86_400_000

/**
 * In what two reports differ beside what a comparison is made for.
 *
 * Fatal is what changes the figures of one and the same subject: the scenario as far as it shapes the run, seed, scale and
 * the events that followed from them, the machine, and trials that are not valid. Versions of subject and harness, commits
 * and configurations differ on purpose; a patch of the kernel or of Node rarely matters: these are told.
 */
export function differencesBetween(base: Report, head: Report): Differences {
  const fatal: string[] = []
  const warnings: Warning[] = []
  const warn = (message: string): void => void warnings.push({ code: 'differs', message })
  scenarioDifferences(base, head, fatal, warn)
  machineDifferences(base.environment, head.environment, fatal, warn)
  churnDifferences(base, head, fatal)
  validityFaults(base, head, fatal)
  subjectDifferences(base, head, warn)
  if (base.tool.version !== head.tool.version) {
    warn(`the harness itself differs: churnbench ${base.tool.version} and ${head.tool.version}`)
  }
  if (base.id === head.id) warn('both are the same report')
  const days = Math.abs(Date.parse(head.startedAt) - Date.parse(base.startedAt)) / DAY_MS
  if (days > AGE_DAYS_MAX) warn(`they were taken ${Math.floor(days)} days apart: a machine may change meanwhile`)
  return { fatal, warnings }
}

type Warn = (message: string) => void

function scenarioDifferences(base: Report, head: Report, fatal: string[], warn: Warn): void {
  const [a, b] = [base.scenario, head.scenario]
  if ((base.kind === 'capacity') !== (head.kind === 'capacity'))
    fatal.push('one is a search for capacity, the other is not')
  if (a.name !== b.name) fatal.push(`different scenarios: ${a.name} and ${b.name}`)
  if (a.profile !== b.profile) fatal.push(`different profiles: ${a.profile} and ${b.profile}`)
  if (a.seed !== b.seed) fatal.push(`different seeds: ${a.seed} and ${b.seed}`)
  if (a.name === b.name && a.sha256 !== b.sha256) {
    const paths = differingPaths(a.resolved, b.resolved)
    const shaping = paths.filter(path => !JUDGEMENT.has(path.split('.')[0]!))
    // Different hashes of what looks the same: something that we cannot name.
    if (shaping.length > 0 || paths.length === 0) fatal.push(`the scenario itself differs${listed(shaping)}`)
    else warn(`the scenario differs in how it is judged${listed(paths)}; the head's holds`)
  }
  const [s, t] = [a.scale, b.scale]
  if (s.nodes !== t.nodes) fatal.push(`different scale: ${s.nodes} and ${t.nodes} nodes`)
  if (s.seriesPerPod !== t.seriesPerPod)
    fatal.push(`different scale: ${s.seriesPerPod} and ${t.seriesPerPod} series per pod`)
  if (s.scrapeIntervalS !== t.scrapeIntervalS) {
    fatal.push(`different scrape intervals: ${s.scrapeIntervalS} s and ${t.scrapeIntervalS} s`)
  }
  if (base.kind !== 'capacity' && farApart(s.pods, t.pods, PODS_RATIO_MAX)) {
    fatal.push(`different scale: ${s.pods} and ${t.pods} pods at once`)
  }
}

function machineDifferences(a: EnvironmentInfo, b: EnvironmentInfo, fatal: string[], warn: Warn): void {
  if (a.fingerprint === b.fingerprint) return
  const before = fatal.length
  let told = false
  const both = (what: string, x: unknown, y: unknown): string => `different ${what}: ${String(x)} and ${String(y)}`
  const judge = (what: string, x: string, y: string, same: (version: string) => string): void => {
    if (x === y) return
    told = true
    if (same(x) === same(y)) warn(both(what, x, y))
    else fatal.push(both(what, x, y))
  }
  for (const [what, field] of MACHINE) if (a[field] !== b[field]) fatal.push(both(what, a[field], b[field]))
  if (farApart(a.memBytes, b.memBytes, MEMORY_RATIO_MAX)) {
    fatal.push(both('memory', formatBytes(a.memBytes), formatBytes(b.memBytes)))
  }
  judge('kernels', a.kernel, b.kernel, minorOf)
  judge('versions of Node', a.node, b.node, minorOf)
  if (a.containerized !== b.containerized) warn(`${a.containerized ? 'the base' : 'the head'} was taken in a container`)
  if (a.ulimitNofile !== b.ulimitNofile) warn(both('limits of open files', a.ulimitNofile, b.ulimitNofile))
  const harmless =
    told || a.memBytes !== b.memBytes || a.containerized !== b.containerized || a.ulimitNofile !== b.ulimitNofile
  if (fatal.length === before && !harmless) fatal.push('different machines, by their fingerprints')
}

const MACHINE = [
  ['operating systems', 'os'],
  ['architectures', 'arch'],
  ['processors', 'cpuModel'],
  ['numbers of processors', 'cpuCount'],
  ['pod networks', 'podNetwork'],
] as const satisfies readonly (readonly [string, keyof EnvironmentInfo])[]

/** Seed and scenario decide the events; where these are equal and the events are not, the simulation was another one. */
function churnDifferences(base: Report, head: Report, fatal: string[]): void {
  // Trials of a search are at different loads.
  if (base.kind === 'capacity' || head.kind === 'capacity') return
  const hashes = (report: Report): Set<string> =>
    new Set(
      comparedRuns(report)
        .filter(run => isUsable(run))
        .map(run => run.traceSha256),
    )
  const [a, b] = [hashes(base), hashes(head)]
  if (a.size === 0 || b.size === 0) return
  // One may have more trials, and each trial its own events.
  const common = [...a].filter(hash => b.has(hash)).length
  if (common < Math.min(a.size, b.size)) fatal.push('the trials saw different churn: their traces are not the same')
}

function validityFaults(base: Report, head: Report, fatal: string[]): void {
  for (const [side, report] of [
    ['base', base],
    ['head', head],
  ] as const) {
    const runs = comparedRuns(report)
    const bad = runs.filter(run => !isUsable(run))
    if (runs.length === 0) fatal.push(`the ${side} has no trials`)
    else if (bad.length / runs.length > EXCLUDED_SHARE_MAX) {
      const why = [...new Set(bad.flatMap(run => (run.aborted ? ['cut short'] : run.invalidReasons)))]
      fatal.push(
        `${bad.length} of ${plural(runs.length, 'trial')} of the ${side} ${bad.length === 1 ? 'is' : 'are'} not valid` +
          (why.length === 0 ? '' : ` (${why.slice(0, 2).join('; ')})`),
      )
    }
  }
}

function subjectDifferences(base: Report, head: Report, warn: Warn): void {
  const subjects = (report: Report, field: 'kind' | 'configSha256'): string[] =>
    [...new Set(comparedRuns(report).map(run => run.subject[field]))].toSorted()
  const [a, b] = [subjects(base, 'kind'), subjects(head, 'kind')]
  if (!isDeepStrictEqual(a, b)) warn(`different subjects: ${a.join(', ')} and ${b.join(', ')}`)
  else if (!isDeepStrictEqual(subjects(base, 'configSha256'), subjects(head, 'configSha256'))) {
    warn('the subject was given different configurations')
  }
}

/** Dotted paths of the leaves in which two values of JSON differ. */
function differingPaths(a: unknown, b: unknown, path = ''): string[] {
  if (isDeepStrictEqual(a, b)) return []
  if (!isRecord(a) || !isRecord(b)) return [path]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .toSorted()
    .flatMap(key => differingPaths(a[key], b[key], path === '' ? key : `${path}.${key}`))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function listed(paths: readonly string[]): string {
  if (paths.length === 0) return ''
  const more = paths.length - NAMED_MAX
  return `: ${paths.slice(0, NAMED_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** `6.1` of `6.1.0-28-amd64`. */
function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

function farApart(a: number, b: number, ratioMax: number): boolean {
  return Math.max(a, b) > Math.min(a, b) * ratioMax
}
