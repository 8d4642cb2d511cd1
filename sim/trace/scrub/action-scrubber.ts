import type { ActionEvent } from '../churn-event.ts'
import type { LabelScrubber } from './label-scrubber.ts'
import type { ObjectNames } from './object-names.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import type { ScrubLedger } from './scrub-ledger.ts'

/** What a scrubbing needs to know of an action: what its arguments mean. */
export interface KnownAction {
  readonly name: string
  readonly args: readonly {
    readonly name: string
    readonly type: 'string' | 'number' | 'boolean'
    readonly means?: string
  }[]
}

type Args = ActionEvent['args']

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/

/** Actions of ours keep their names, and their arguments become what the same objects and labels become elsewhere. */
export class ActionScrubber {
  readonly #pseudonyms: Pseudonyms
  readonly #ledger: ScrubLedger
  readonly #names: ObjectNames
  readonly #labels: LabelScrubber
  readonly #known: ReadonlyMap<string, KnownAction>

  constructor(
    pseudonyms: Pseudonyms,
    ledger: ScrubLedger,
    names: ObjectNames,
    labels: LabelScrubber,
    actions: readonly KnownAction[],
  ) {
    this.#pseudonyms = pseudonyms
    this.#ledger = ledger
    this.#names = names
    this.#labels = labels
    this.#known = new Map(actions.map(action => [action.name, action]))
  }

  action({ t, kind, op, args }: ActionEvent): ActionEvent {
    const known = this.#known.get(op)
    const name = known === undefined ? this.#pseudonyms.word('action', 'actions', op) : this.#ledger.keep('actions', op)
    const entries = Object.entries(args).map(([key, value]): [string, Args[string]] => {
      const spec = known?.args.find(arg => arg.name === key)
      if (spec === undefined) return [this.#pseudonyms.word('action', 'action arguments', key), this.#unknown(value)]
      this.#ledger.keep('action arguments', key)
      if (typeof value !== spec.type) return [key, this.#unknown(value)]
      return [key, typeof value === 'string' ? this.#text(spec.means, value, args) : value]
    })
    return { t, kind, op: name, args: Object.fromEntries(entries) }
  }

  #text(means: string | undefined, text: string, args: Args): string {
    if (text === '') return text
    switch (means) {
      case 'workload':
      case 'new-workload':
        return this.#object(text, name => this.#names.workload('Deployment', name))
      case 'service':
        return this.#object(text, name => this.#names.service(name))
      case 'node':
        return this.#names.node(text)
      case 'zone':
        return this.#names.zone(text)
      case 'profile':
        return this.#labels.profile(text)
      case 'label':
        return this.#labels.key(text)
      case 'label-value':
        return this.#labels.value(String(args['label']), text)
      case 'duration':
        return DURATION.test(text) ? this.#ledger.keep('durations', text) : this.#unknown(text)
      default:
        return this.#unknown(text)
    }
  }

  /** `namespace/name`; the namespace may be left out. */
  #object(text: string, scrub: (name: string) => string): string {
    const slash = text.indexOf('/')
    if (slash === -1) return scrub(text)
    return `${this.#names.namespace(text.slice(0, slash))}/${scrub(text.slice(slash + 1))}`
  }

  /** A number may be anybody's account: only those whose meaning is known are kept. */
  #unknown(value: number | boolean): string | boolean
  #unknown(value: string): string
  #unknown(value: string | number | boolean): string | boolean
  #unknown(value: string | number | boolean): string | boolean {
    if (typeof value === 'boolean' || value === '') return value
    return this.#pseudonyms.word('name', 'action values', String(value))
  }
}
