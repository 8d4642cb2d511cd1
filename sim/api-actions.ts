import { parseDuration } from '../base/index.ts'
import type { Action, ActionArg, ActionHands } from './actions.ts'
import { type Disturbance, REFUSAL_CODES, type RefusalCode } from './apiserver/disturbances.ts'
import type { ActionArgs } from './messages.ts'
import { FOR } from './node-actions.ts'

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const
const VERB: ActionArg = {
  name: 'verb',
  type: 'string',
  description: `only requests of this verb: ${VERBS.join(', ')}; default all`,
  optional: true,
  values: VERBS,
}
/** What befalls the API server, and the cluster behind it not. */
export const API_ACTIONS: readonly Action[] = [
  {
    name: 'drop-watches',
    on: 'api',
    description: 'The API server breaks all open watches without a word, as a lost network does.',
    args: [],
    run({ api }) {
      api.dropWatches()
      return 'API server drops all watches'
    },
  },
  {
    name: 'expire-watches',
    on: 'api',
    description: 'The API server ends all open watches with an ERROR event that says 410 Gone.',
    args: [],
    run({ api }) {
      api.expireWatches()
      return 'API server ends all watches with 410'
    },
  },
  {
    name: 'expire-history',
    on: 'api',
    description: 'The API server forgets its history: who resumes a watch from before is told 410 and must list anew.',
    args: [],
    run({ api }) {
      api.expireHistory()
      return 'API server forgets its history'
    },
  },
  {
    name: 'end-watches',
    on: 'api',
    description:
      'The API server ends all open watches cleanly and before their time, without a bookmark: clients resume where they were.',
    args: [],
    run({ api }) {
      api.endWatches()
      return 'API server ends all watches early'
    },
  },
  {
    name: 'silence-watches',
    on: 'api',
    description:
      'The connections of open watches stay open and carry nothing any more, as when a network loses a flow; in the end they are reset. Watches opened meanwhile are well.',
    args: [FOR, everyNth('watch that is open; default 1, all')],
    run({ api, clock }, args) {
      clock.schedule(parseDuration(String(args.for)), api.silenceWatches(Number(args.every ?? 1)))
      return `${args.every === undefined ? 'all watches' : `each ${args.every}th watch`} silent for ${args.for}`
    },
  },
  {
    name: 'restart-api',
    on: 'api',
    description:
      'The API server is killed and started again after a while, at the same address: all connections break, its port is closed, and its watch history is lost, so that everybody must list anew.',
    args: [FOR],
    run({ api, clock }, args) {
      clock.schedule(parseDuration(String(args.for)), api.goDown())
      return `API server is down for ${args.for}`
    },
  },
  {
    name: 'api-delay',
    on: 'api',
    description: 'Every new request to the API server waits; watches that are open go on.',
    args: [
      { name: 'delay', type: 'string', description: 'how long each waits, `500ms`', means: 'duration' },
      FOR,
      VERB,
    ],
    run(hands, args) {
      disturb(hands, args, { delayMs: parseDuration(String(args.delay)), ...verbs(args) })
      return `API server slower by ${args.delay} for ${args.for}`
    },
  },
  {
    name: 'api-errors',
    on: 'api',
    description:
      'The API server refuses new requests, 429 with Retry-After, 410 only watches that are resumed; watches that are open go on.',
    args: [
      { name: 'code', type: 'number', description: `HTTP status: ${REFUSAL_CODES.join(', ')}`, values: REFUSAL_CODES },
      FOR,
      everyNth('request; default 1, all'),
      VERB,
    ],
    run(hands, args) {
      const refusal = { code: Number(args.code) as RefusalCode, every: Number(args.every ?? 1) }
      disturb(hands, args, { refusal, ...verbs(args) })
      return `API server answers ${args.code} for ${args.for}`
    },
  },
  {
    name: 'watch-delay',
    on: 'api',
    description: 'The events of all watches come late, in their order; in the end all that is late comes at once.',
    args: [{ name: 'delay', type: 'string', description: 'how late each comes, `2s`', means: 'duration' }, FOR],
    run(hands, args) {
      disturb(hands, args, { watchDelayMs: parseDuration(String(args.delay)) })
      return `watch events ${args.delay} late for ${args.for}`
    },
  },
  {
    name: 'watch-duplicates',
    on: 'api',
    description: 'Events of watches are sent twice.',
    args: [FOR, everyNth('event; default 1, all')],
    run(hands, args) {
      disturb(hands, args, { duplicateEvery: Number(args.every ?? 1) })
      return `watch events sent twice for ${args.for}`
    },
  },
  {
    name: 'watch-replay',
    on: 'api',
    description: 'Who resumes a watch is told what came last before that once more, as far as the history reaches.',
    args: [
      { name: 'versions', type: 'number', description: 'how many resource versions it goes back', min: 1, whole: true },
      FOR,
    ],
    run(hands, args) {
      disturb(hands, args, { replayVersions: Number(args.versions) })
      return `resumed watches go back by ${args.versions} versions for ${args.for}`
    },
  },
  {
    name: 'bookmark-delay',
    on: 'api',
    description: 'Periodic bookmarks of watches come late, or not at all.',
    args: [
      {
        name: 'delay',
        type: 'string',
        description: 'how late each comes, `30s`; default: none comes',
        means: 'duration',
        optional: true,
      },
      FOR,
    ],
    run(hands, args) {
      const isNone = args.delay === undefined
      disturb(hands, args, {
        bookmarkDelayMs: isNone ? Number.POSITIVE_INFINITY : parseDuration(String(args.delay)),
      })
      return `${isNone ? 'no bookmarks' : `bookmarks ${args.delay} late`} for ${args.for}`
    },
  },
]

function everyNth(what: string): ActionArg {
  return { name: 'every', type: 'number', description: `each n-th ${what}`, optional: true, min: 1, whole: true }
}

/** Begins now and ends exactly `for` later in planned time. */
function disturb({ api, clock }: ActionHands, args: ActionArgs, disturbance: Disturbance): void {
  clock.schedule(parseDuration(String(args.for)), api.disturb(disturbance))
}

function verbs({ verb }: ActionArgs): Pick<Disturbance, 'verbs'> {
  return verb === undefined ? {} : { verbs: [verb as (typeof VERBS)[number]] }
}
