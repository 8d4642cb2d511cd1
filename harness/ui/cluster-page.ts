import type { Clock, Timer } from '../../base/index.ts'
import { ACTIONS, type TruthEvent } from '../../sim/index.ts'
import type { Scenario } from '../scenario.ts'
import type { Simulation } from '../simulation.ts'
import { Board } from './board.ts'
import { Control } from './control.ts'
import { nodePlaces } from './dashboard.ts'
import { Feed } from './feed.ts'
import { serveUi } from './server.ts'

/** The control page of a cluster without a subject of ours; whoever scrapes it is shown all the same. */
export interface ClusterPage {
  readonly url: string
  onEvents(events: readonly TruthEvent[]): void
  /** From now on scrapes are looked for, once a second, and actions can be performed. */
  begin(simulation: Simulation, startNs: bigint): void
  close(): Promise<void>
}

const SECOND_MS = 1000

/**
 * Opens the control page of a cluster.
 *
 * `clock` must not keep the process alive.
 *
 * @throws UiError CHURN_UI_PORT
 */
export async function openClusterPage(
  clock: Clock,
  options: { readonly scenario: Scenario; readonly port: number },
): Promise<ClusterPage> {
  const { scenario, port } = options
  let startNs: bigint | undefined
  let simulation: Simulation | undefined
  let timer: Timer | undefined
  const board = new Board({
    title: {
      scenario: 'cluster',
      description: `The cluster of the scenario ${scenario.name}, without its churn. It lives until interrupted.`,
      facts: `${scenario.cluster.nodes} nodes in ${scenario.cluster.zones} zones, seed ${scenario.seed}`,
      durationMs: null,
      settleMs: 0,
    },
    places: nodePlaces(scenario),
    from: 'pod-addressed',
    nowMs: () => (startNs === undefined ? 0 : Number(clock.monotonicNs() - startNs) / 1e6),
  })
  const feed = new Feed(clock, board)
  const control = new Control({
    actions: ACTIONS,
    workloads: scenario.cluster.workloads.map(({ namespace, name }) => `${namespace}/${name}`),
    perform: async (action, args) =>
      simulation === undefined
        ? { ok: false, detail: 'the cluster is not up yet' }
        : await simulation.act(action, args),
  })
  const server = await serveUi(clock, { port, feed, control })

  /** What the sampler of a trial does, of what there is here. */
  function look({ truth }: Simulation, sinceNs: bigint): void {
    const meter = new SampleMeter(slot => truth.read(slot).samplesServed)
    const again = (): void => {
      timer = clock.schedule(SECOND_MS, () => {
        const { ready, scraped } = board.model.headline()
        const atS = Number(clock.monotonicNs() - sinceNs) / 1e9
        const samplesPerSecond = meter.rate(board.model.slots(), atS)
        board.second({ atS, pods: ready, scraped, visible: 0, samplesPerSecond, cpuCores: null, rssBytes: null })
        again()
      })
    }
    again()
  }

  return {
    url: server.url,
    onEvents: events => board.apply(events),
    begin(started, sinceNs) {
      simulation = started
      startNs = sinceNs
      board.phase = 'churn'
      const { truth } = started
      board.witnessedBy({
        scrapedMs: slot => {
          const ns = truth.firstScrapeNs(slot)
          return ns === undefined ? undefined : Number(ns - sinceNs) / 1e6
        },
        visibleMs: () => undefined,
      })
      look(started, sinceNs)
    },
    close() {
      timer?.cancel()
      return server.close()
    },
  }
}

/** Samples served per second, over pods that come and go: one that is gone takes its count along. */
class SampleMeter {
  readonly #read: (slot: number) => number
  #served = new Map<number, number>()
  #lastS = 0

  constructor(read: (slot: number) => number) {
    this.#read = read
  }

  rate(slots: Iterable<number>, atS: number): number {
    const now = new Map<number, number>()
    let more = 0
    for (const slot of slots) {
      const served = this.#read(slot)
      more += served - (this.#served.get(slot) ?? 0)
      now.set(slot, served)
    }
    const rate = more / Math.max(atS - this.#lastS, 1e-3)
    this.#served = now
    this.#lastS = atS
    return rate
  }
}
