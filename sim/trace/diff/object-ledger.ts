import type { ChurnEvent } from '../churn-event.ts'
import type { OwnedEvent } from './same-event.ts'
import type { Side } from './time-matches.ts'
import type { ObjectDiff, ObjectDiffs, ObjectList } from './trace-diff.ts'

/** Operations of one life that are told apart; a pod that goes on flapping has more. */
const OPS_MAX = 32
/** Different lives that are told apart of one object or owner. */
const SEQUENCES_MAX = 200
const LISTED_MAX = 1000
const SEQUENCES_LISTED_MAX = 20
const OTHER = '(other lives)'

/** What happened to one object from its coming into being to its end. */
interface Life {
  readonly account: Account
  ops: string
  count: number
}

/** What both traces say of an object, or of the pods of an owner. */
class Account {
  readonly object: string
  events = 0
  readonly seen = { a: 0, b: 0 }
  readonly atEnd = { a: 0, b: 0 }
  readonly sequences = new Map<string, { a: number; b: number }>()

  constructor(object: string) {
    this.object = object
  }

  end(side: Side, { ops }: Life): void {
    const known = this.sequences.size < SEQUENCES_MAX || this.sequences.has(ops) ? ops : OTHER
    let counts = this.sequences.get(known)
    if (counts === undefined) {
      counts = { a: 0, b: 0 }
      this.sequences.set(known, counts)
    }
    counts[side]++
  }

  get differs(): boolean {
    const { seen, atEnd } = this
    return seen.a !== seen.b || atEnd.a !== atEnd.b || [...this.sequences.values()].some(({ a, b }) => a !== b)
  }
}

/**
 * Keeps for every object that ever was which operations it saw, in both traces. Memory is that of the objects alive and of
 * a summary for each node, workload, service and owner of pods; with `byPod`, for each pod that ever was.
 */
export class ObjectLedger {
  readonly #byPod: boolean
  readonly #accounts = new Map<string, Account>()
  readonly #lives: Readonly<Record<Side, Map<string, Life>>> = { a: new Map(), b: new Map() }

  constructor(byPod: boolean) {
    this.#byPod = byPod
  }

  add(side: Side, { event, owner }: OwnedEvent): void {
    const identity = identityOf(event)
    if (identity === undefined) return
    const lives = this.#lives[side]
    let life = lives.get(identity)
    if (life === undefined) {
      const account = this.#accountOf(objectOf(event, owner, this.#byPod))
      account.seen[side]++
      life = { account, ops: '', count: 0 }
      lives.set(identity, life)
    }
    life.account.events++
    life.count++
    if (life.count <= OPS_MAX) life.ops += `${life.ops === '' ? '' : ' '}${event.op}`
    else if (life.count === OPS_MAX + 1) life.ops += ' …'
    if (event.op === 'deleted' || event.op === 'removed') {
      lives.delete(identity)
      life.account.end(side, life)
    }
  }

  finish(): ObjectDiffs {
    for (const side of ['a', 'b'] as const) {
      for (const life of this.#lives[side].values()) {
        life.account.atEnd[side]++
        life.account.end(side, life)
      }
    }
    const accounts = [...this.#accounts.values()].sort((x, y) => y.events - x.events || (x.object < y.object ? -1 : 1))
    const both = accounts.filter(({ seen }) => seen.a > 0 && seen.b > 0)
    return {
      compared: accounts.length,
      onlyA: listed(accounts.filter(({ seen }) => seen.b === 0)),
      onlyB: listed(accounts.filter(({ seen }) => seen.a === 0)),
      changed: listed(both.filter(account => account.differs)),
    }
  }

  #accountOf(object: string): Account {
    let account = this.#accounts.get(object)
    if (account === undefined) {
      account = new Account(object)
      this.#accounts.set(object, account)
    }
    return account
  }
}

/** By which an object is known within its trace. */
function identityOf(event: ChurnEvent): string | undefined {
  switch (event.kind) {
    case 'pod':
      return `p${event.uid}`
    case 'node':
      return `n${event.name}`
    case 'workload':
      return `w${event.type}/${event.namespace}/${event.name}`
    case 'service':
      return `s${event.namespace}/${event.name}`
    case 'action':
      return undefined
  }
}

/** By which an object is known in both traces. */
export function objectOf(event: ChurnEvent, owner: string | undefined, byPod: boolean): string {
  switch (event.kind) {
    case 'pod':
      return byPod ? `pod ${event.namespace}/${event.name}` : `pods of ${owner}`
    case 'node':
      return `node ${event.name}`
    case 'workload':
      return `${event.type} ${event.namespace}/${event.name}`
    case 'service':
      return `Service ${event.namespace}/${event.name}`
    case 'action':
      return event.op
  }
}

function listed(accounts: readonly Account[]): ObjectList {
  return {
    count: accounts.length,
    objects: accounts.slice(0, LISTED_MAX).map(({ object, seen, atEnd, sequences }): ObjectDiff => ({
      object,
      seen,
      atEnd,
      sequences: [...sequences]
        .filter(([, { a, b }]) => a !== b)
        .map(([sequence, { a, b }]) => ({ sequence, a, b }))
        .sort((x, y) => Math.abs(y.a - y.b) - Math.abs(x.a - x.b) || (x.sequence < y.sequence ? -1 : 1))
        .slice(0, SEQUENCES_LISTED_MAX),
    })),
  }
}
