import { nearest, Prng } from '../base/index.ts'
import type { ChurnInput, ScenarioInput } from '../scenarios/index.ts'
import { actionByName, ACTIONS, type ClusterSpec, type PlannedAction } from '../sim/index.ts'
import { argsOf, checkAction, distinctIterations } from './check-action.ts'
import { checkExecutor, countedTimes, EXECUTORS, type LoadContext, planLoad } from './load/executors.ts'
import type { PlannedLoad, QueryLoad } from './load/planned-load.ts'
import { checkQuery } from './load/query-action.ts'
import { PlanWalk } from './plan-walk.ts'
import type { ToMs } from './scenario-cluster.ts'

/** `exec` of entries that ask the subject instead of doing something to the cluster. */
export const QUERY = 'query'
/** Each action is kept with its arguments and scheduled before the start. */
const ACTIONS_MAX = 100_000
/** Tags that k6 gives by itself; an entry's own would be lost in its place. */
const RESERVED_TAGS = ['scenario', 'vu', 'iter']

export interface ScenarioPlan {
  readonly plan: readonly PlannedAction[]
  readonly queries: readonly QueryLoad[]
}

/** Plans all entries of a scenario; notes every fault with its path. The scenario has the shape of the schema. */
export function planEntries(
  scenario: ScenarioInput,
  cluster: ClusterSpec,
  given: { readonly seed: string; readonly durationMs: number; readonly ms: ToMs; readonly faults: string[] },
): ScenarioPlan {
  const { durationMs, ms, faults } = given
  const plan: PlannedAction[] = []
  const queries: QueryLoad[] = []
  for (const [name, entry] of Object.entries(scenario.scenarios)) {
    const path = `scenarios.${name}`
    const executorFaults = checkExecutor(entry, path)
    faults.push(...executorFaults)
    if (executorFaults.length > 0) continue
    const prng = new Prng(given.seed).fork(`scenario/${name}`)
    const context: LoadContext = { path, ms, faults, prng, durationMs }
    if (entry.exec === QUERY) queries.push(planQuery(name, entry, context))
    else plan.push(...planAction(name, entry, context))
  }
  if (plan.length > ACTIONS_MAX) faults.push(`scenarios: ${plan.length} actions are more than ${ACTIONS_MAX}`)
  const sorted = plan.toSorted((a, b) => a.atMs - b.atMs)
  checkNames(sorted, cluster, faults)
  return { plan: sorted, queries }
}

function planQuery(name: string, entry: ChurnInput, context: LoadContext): QueryLoad {
  const { path, faults, durationMs } = context
  const { args = {}, each = {}, tags = {} } = entry
  for (let i = 0; i < distinctIterations(each, Infinity); i++) {
    faults.push(...checkQuery(argsOf(args, each, i), `${path}.args`))
  }
  for (const tag of Object.keys(tags)) {
    if (RESERVED_TAGS.includes(tag)) faults.push(`${path}.tags.${tag}: is reserved; choose another name`)
  }
  if (entry.gracefulStop !== undefined && isOpen(entry)) {
    faults.push(
      `${path}.gracefulStop: queries of an arrival rate have a deadline of their own; gracefulStop is for virtual users`,
    )
  }
  const load = planLoad(entry, context)
  if (endOf(load) > durationMs) {
    faults.push(`${path}: lasts until ${endOf(load)} ms, after the scenario's duration of ${durationMs} ms`)
  }
  return { name, load, args, each, tags }
}

function endOf(load: PlannedLoad): number {
  return load.kind === 'open' ? (load.atMs.at(-1) ?? 0) : (load.stages.at(-1)?.untilMs ?? load.startMs)
}

function isOpen(entry: ChurnInput): boolean {
  return EXECUTORS.find(({ name }) => name === entry.executor)?.kind === 'open'
}

function planAction(name: string, entry: ChurnInput, context: LoadContext): PlannedAction[] {
  const { path, faults, durationMs } = context
  const action = actionByName(entry.exec)
  if (action === undefined) {
    const known = [...ACTIONS.map(each => each.name), QUERY]
    const near = nearest(entry.exec, known)
    const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`
    faults.push(`${path}.exec: unknown action "${entry.exec}"; ${hint}`)
    return []
  }
  const { args = {}, each = {} } = entry
  faults.push(...checkAction(action, args, each, path))
  for (const field of ['tags', 'gracefulStop'] as const) {
    if (entry[field] !== undefined)
      faults.push(`${path}.${field}: is for queries; an action takes no time and has no figures`)
  }
  if (entry.executor === 'constant-vus' || entry.executor === 'ramping-vus') {
    faults.push(
      `${path}.executor: ${entry.executor} is for queries, for an action takes no time; use constant-arrival-rate, ramping-arrival-rate or shared-iterations`,
    )
    return []
  }
  const atMs = timesOfActions(entry, context)
  const beyond = atMs.find(at => at > durationMs)
  if (beyond !== undefined) {
    faults.push(`${path}: an iteration at ${beyond} ms would start after the scenario's duration of ${durationMs} ms`)
  }
  return atMs.map((at, i) => ({ atMs: at, stream: `${name}/${i}`, action: action.name, args: argsOf(args, each, i) }))
}

/** Whole milliseconds, as all planned calls: the trace holds no others. */
function timesOfActions(
  entry: Exclude<ChurnInput, { executor: 'constant-vus' | 'ramping-vus' }>,
  context: LoadContext,
): number[] {
  if (entry.executor === 'shared-iterations' || entry.executor === 'per-vu-iterations') {
    return countedTimes(entry, context).map(Math.round)
  }
  const load = planLoad(entry, context)
  return load.kind === 'open' ? load.atMs.map(Math.round) : []
}

function checkNames(plan: readonly PlannedAction[], cluster: ClusterSpec, faults: string[]): void {
  const walk = new PlanWalk(cluster)
  const found = new Set<string>()
  for (const planned of plan) {
    const entry = planned.stream.slice(0, planned.stream.lastIndexOf('/'))
    const wrong = walk.faultsOf(planned)
    for (const fault of wrong) found.add(`scenarios.${entry}.args.${fault}`)
    if (wrong.length === 0) walk.perform(planned)
  }
  faults.push(...found)
}
