import { formatDuration } from '../../base/index.ts'
import type { ProfileName, ScenarioInput } from '../../scenarios/index.ts'
import { ACTIONS, type ActionArg } from '../../sim/index.ts'
import { EXECUTORS } from '../load/executors.ts'
import type { PlannedLoad } from '../load/planned-load.ts'
import { QUERY_ARGS } from '../load/query-action.ts'
import { QUERY_CLASSES } from '../load/query-classes.ts'
import { PlanWalk } from '../plan-walk.ts'
import { resolveScenario, type Scenario } from '../scenario.ts'
import {
  ACTIONS_INTRODUCTION,
  DIFFERENCES,
  EXECUTORS_INTRODUCTION,
  EXECUTORS_NOTES,
  FIELDS,
  INTRODUCTION,
  QUERIES_INTRODUCTION,
  SETTING,
} from './scenario-text.ts'
import { code, table } from './markdown.ts'

const PROFILES: readonly ProfileName[] = ['smoke', 'quick', 'ci', 'nightly']
/** The times of Poisson arrivals depend on it, which are not shown, and so may the peak of their pods. */
const SEED = '1'

/** docs/scenarios.md: what people wrote, and what can be read off executors, actions and scenarios. */
export function scenarioPage(scenarios: readonly ScenarioInput[]): string {
  const executors = EXECUTORS.map(({ name, description, required, optional }) => [
    code(name),
    description,
    [...required.map(code), ...Object.entries(optional).map(([field, value]) => `${code(field)} (${value})`)].join(
      ', ',
    ),
  ])
  const actions = ACTIONS.map(({ name, description, args }) => [code(name), description, args.map(argument).join('; ')])
  const parts = [
    INTRODUCTION,
    '\n## Fields\n\n',
    table(
      ['field', 'meaning'],
      FIELDS.map(([field, meaning]) => [code(field), meaning]),
    ),
    SETTING,
    '\n## Executors\n',
    EXECUTORS_INTRODUCTION,
    '\n',
    table(['executor', 'iterations', 'fields (default)'], executors),
    EXECUTORS_NOTES,
    '\n## Actions\n',
    ACTIONS_INTRODUCTION,
    '\n',
    table(['action', 'does', 'arguments'], actions),
    '\n## Queries\n',
    QUERIES_INTRODUCTION,
    '\n',
    table(
      ['argument', 'meaning'],
      QUERY_ARGS.map(({ name, description }) => [code(name), description]),
    ),
    '\n',
    table(
      ['class', 'stands for', 'endpoint'],
      QUERY_CLASSES.map(({ name, standsFor, endpoint }) => [code(name), standsFor, code(endpoint)]),
    ),
    DIFFERENCES,
    '\n## The scenarios\n\n',
    scenarios.map(({ name }) => `[${name}](#${name})`).join(' · '),
    '\n',
    ...scenarios.map(section),
  ]
  return parts.join('')
}

function argument({ name, optional, description }: ActionArg): string {
  return `${code(name)}${optional === true ? ' (optional)' : ''}: ${description}`
}

function section(input: ScenarioInput): string {
  const resolved = PROFILES.map(profile => resolveScenario(input, { profile, seed: SEED, set: [] }))
  const quick = resolved[PROFILES.indexOf('quick')]!
  const sizes = resolved.map(scenario => [
    code(scenario.profile),
    String(scenario.cluster.nodes),
    podsOf(scenario),
    `${formatDuration(scenario.durationMs)} + ${formatDuration(scenario.settleMs)}`,
    formatDuration(scenario.scrapeIntervalMs),
  ])
  const lines = [
    `\n### ${input.name}\n\n${input.description}\n\n`,
    table(['profile', 'nodes', 'pods wanted', 'churn + settle', 'scraped every'], sizes),
    timeline(quick),
    conditions('Thresholds', quick.thresholds, list =>
      list.map(each =>
        typeof each === 'string' ? each : `${each.threshold}${each.abortOnFail === true ? ' (ends the run)' : ''}`,
      ),
    ),
    conditions('Gates of a comparison', quick.gates, list => [...list]),
  ]
  if (quick.search !== undefined) {
    const ranges = resolved.map(({ profile, search }) => `${profile} ${search!.from} to ${search!.to}`)
    lines.push(`\nSearches ${code(quick.search.field)} (${ranges.join(', ')}).\n`)
    lines.push(conditions('Sustained', quick.search.sustained, list => [...list]))
  }
  return lines.join('')
}

/** Wanted replicas of all workloads: at first, and at their highest where that is more. */
function podsOf({ cluster, plan, search, replay }: Scenario): string {
  if (search !== undefined) return 'searched'
  if (replay !== undefined) return `of the trace, at most ${replay.bounds.pods} at once`
  const walk = new PlanWalk(cluster)
  const first = walk.replicas
  let peak = first
  for (const action of plan) {
    walk.perform(action)
    peak = Math.max(peak, walk.replicas)
  }
  return peak === first ? String(first) : `${first}, up to ${peak}`
}

/** What happens in a scenario and when, an entry a row, in the order of their beginning. */
function timeline(scenario: Scenario): string {
  const { scenarios } = scenario.resolved as ScenarioInput
  const rows = Object.entries(scenarios).map(([name, entry]) => {
    const atMs = timesOf(scenario, name)
    const times =
      atMs.length === 1
        ? formatDuration(atMs[0]!)
        : `${formatDuration(atMs[0] ?? 0)} to ${formatDuration(atMs.at(-1) ?? 0)}`
    const given = [
      ...Object.entries(entry.args ?? {}).map(([arg, value]) => `${arg} ${shown(value)}`),
      ...Object.entries(entry.each ?? {}).map(([arg, values]) => `${arg} ${values.map(shown).join(', ')}, …`),
    ]
    return { firstMs: atMs[0] ?? 0, row: [code(name), whenOf(entry, times), code(entry.exec), given.join('; ')] }
  })
  const { trace } = scenario.resolved as ScenarioInput
  if (trace !== undefined && rows.length === 0) {
    return `\nPlays the trace ${code(trace.file)}, in ${code('quick')} at ${trace.speed ?? 1} times its speed.\n`
  }
  if (rows.length === 0) return '\nNothing happens while it is measured.\n'
  const sorted = rows.toSorted((a, b) => a.firstMs - b.firstMs).map(({ row }) => row)
  return `\n${table(['entry', 'when (`quick`)', 'does', 'with'], sorted)}`
}

/** Begin and end of an entry, in ms; one instant where all its iterations are due at once. */
function timesOf({ plan, queries }: Scenario, name: string): number[] {
  const load = queries.find(query => query.name === name)?.load
  if (load !== undefined) return endsOf(load)
  const atMs = plan.filter(({ stream }) => stream.slice(0, stream.lastIndexOf('/')) === name).map(action => action.atMs)
  return [...new Set([atMs[0] ?? 0, atMs.at(-1) ?? 0])]
}

function endsOf(load: PlannedLoad): number[] {
  if (load.kind === 'open') return [load.atMs[0] ?? 0, load.atMs.at(-1) ?? 0]
  return [load.startMs, load.stages.at(-1)?.untilMs ?? load.startMs]
}

function whenOf(entry: ScenarioInput['scenarios'][string], times: string): string {
  switch (entry.executor) {
    case 'shared-iterations':
      return entry.iterations === undefined ? times : `${times}, ${entry.iterations} iterations`
    case 'per-vu-iterations':
      return `${times}, ${entry.iterations ?? 1} iterations of each of ${entry.vus ?? 1} virtual users`
    case 'constant-vus':
      return `${times}, ${entry.vus} virtual user${entry.vus === 1 ? '' : 's'}`
    case 'ramping-vus':
      return `${times}, ${[entry.startVUs ?? 1, ...entry.stages.map(({ target }) => target)].join(' → ')} virtual users`
    case 'constant-arrival-rate': {
      const rate = `${entry.rate} per ${entry.timeUnit ?? '1s'}`
      // Where Poisson arrivals fall depends on the seed.
      return entry.arrivals === 'poisson'
        ? `from ${entry.startTime ?? '0s'} for ${entry.duration}, ${rate} at random`
        : `${times}, ${rate}`
    }
    case 'ramping-arrival-rate': {
      const rates = [entry.startRate ?? 0, ...entry.stages.map(({ target }) => target)].join(' → ')
      return `${times}, ${rates} per ${entry.timeUnit ?? '1s'}${entry.arrivals === 'poisson' ? ' at random' : ''}`
    }
  }
}

function conditions<T>(
  title: string,
  entries: Readonly<Record<string, readonly T[]>>,
  show: (list: readonly T[]) => string[],
): string {
  const shownEntries = Object.entries(entries).map(([metric, list]) => `${code(metric)} ${show(list).join(', ')}`)
  return shownEntries.length === 0 ? '' : `\n${title}: ${shownEntries.join(' · ')}\n`
}

function shown(value: string | number | boolean): string {
  return value === '' ? '(none)' : String(value)
}
