import { formatDuration, parseDuration } from '../base/index.ts'
import type { Action, ActionArg } from './actions.ts'
import type { ActionArgs } from './messages.ts'
import {
  faultOfParams,
  misbehaviourByName,
  type MisbehaviourOrder,
  misbehaviourOrder,
  type MisbehaviourParamName,
  MISBEHAVIOURS,
} from './targets/misbehaviour/index.ts'

const WORKLOAD: ActionArg = {
  name: 'workload',
  type: 'string',
  description: '`namespace/name` of a Deployment',
  means: 'workload',
}

/** What kinds take, beside who and how long: durations are written, the rest are numbers. */
const PARAM_ARGS: readonly ActionArg[] = [
  ['delay', 'how long it takes'],
  ['every', 'from one time to the next'],
  ['back', 'how far time stamps go back'],
  ['ahead', 'how far ahead time stamps are'],
].map(([name, what]): ActionArg => ({
  name: name!,
  type: 'string',
  description: `of ${kindsWith(name!)}: ${what}, \`500ms\``,
  optional: true,
  means: 'duration',
}))

const NUMBER_ARGS: readonly ActionArg[] = [
  ['code', 'HTTP status'],
  ['bytes', 'how many'],
  ['labels', 'how many'],
  ['series', 'how many'],
].map(([name, what]): ActionArg => ({
  name: name!,
  type: 'number',
  description: `of ${kindsWith(name!)}: ${what}`,
  optional: true,
  min: 1,
  whole: true,
}))

function kindsWith(param: string): string {
  return MISBEHAVIOURS.filter(({ params }) => params.some(({ name }) => name === param))
    .map(({ name }) => name)
    .join(', ')
}

/** What befalls the targets that pods are. */
export const TARGET_ACTIONS: readonly Action[] = [
  {
    name: 'misbehave',
    description:
      'Pods of a workload answer scrapes badly, those that are there now; docs/misbehaviour.md lists the kinds and what scrapers make of them.',
    args: [
      WORKLOAD,
      {
        name: 'kind',
        type: 'string',
        description: `what they do: ${MISBEHAVIOURS.map(({ name }) => name).join(', ')}`,
        values: MISBEHAVIOURS.map(({ name }) => name),
      },
      {
        name: 'for',
        type: 'string',
        description: 'how long it lasts, `5s`; default until they are told to behave',
        optional: true,
        means: 'duration',
      },
      {
        name: 'pods',
        type: 'number',
        description: 'how many of them, drawn from the seed; default all',
        optional: true,
        min: 1,
        whole: true,
      },
      { name: 'share', type: 'number', description: 'or their share, 0 to 1', optional: true, min: 0, max: 1 },
      ...PARAM_ARGS,
      ...NUMBER_ARGS,
    ],
    check(args) {
      if (args.pods !== undefined && args.share !== undefined) return 'takes either pods or share'
      return faultOfParams(String(args.kind), paramsOf(args))
    },
    run({ cluster, prng }, args) {
      const { namespace, name } = named(String(args.workload))
      const order = misbehaviourOrder(String(args.kind), paramsOf(args))
      const all = cluster.podsOf(namespace, name)
      const count = Math.min(all.length, Number(args.pods ?? Math.round(Number(args.share ?? 1) * all.length)))
      const chosen = count === all.length ? all : prng.shuffle([...all]).slice(0, count)
      const forMs = args.for === undefined ? undefined : parseDuration(String(args.for))
      cluster.misbehave(namespace, chosen, order, forMs)
      const whose = `${chosen.length} pod${chosen.length === 1 ? '' : 's'} of ${name}`
      return `${whose}: ${told(order)}${args.for === undefined ? '' : ` for ${args.for}`}`
    },
  },
  {
    name: 'behave',
    description: 'Pods of a workload answer scrapes well again; connections that hang are reset.',
    args: [WORKLOAD],
    run({ cluster }, args) {
      const { namespace, name } = named(String(args.workload))
      const count = cluster.behave(cluster.podsOf(namespace, name))
      return `${count} pod${count === 1 ? '' : 's'} of ${name}: well again`
    },
  },
]

function paramsOf(args: ActionArgs): Partial<Record<MisbehaviourParamName, number>> {
  const given: Partial<Record<MisbehaviourParamName, number>> = {}
  for (const { name } of PARAM_ARGS) {
    if (args[name] !== undefined) given[name as MisbehaviourParamName] = parseDuration(String(args[name]))
  }
  for (const { name } of NUMBER_ARGS) {
    if (args[name] !== undefined) given[name as MisbehaviourParamName] = Number(args[name])
  }
  return given
}

function told({ kind, params }: MisbehaviourOrder): string {
  const known = misbehaviourByName(kind)!.params
  const shown = known.map(({ name, unit }) => {
    const value = params[name]!
    return `${name} ${unit === 'ms' ? formatDuration(value) : value}`
  })
  return shown.length === 0 ? kind : `${kind} (${shown.join(', ')})`
}

function named(text: string): { readonly namespace: string; readonly name: string } {
  const [namespace, name] = text.split('/')
  return name === undefined ? { namespace: 'default', name: namespace! } : { namespace: namespace!, name }
}
