import type { Feed, TargetSpec } from '../../kubelet/pod-runtime.ts'
import { StateRegistry } from '../../state-metrics/index.ts'
import { fillIdentity, IDENTITY_ROWS, identityTemplate } from '../identity.ts'
import type { MetricsPage, Profile, SeriesDescription } from '../profile.ts'
import { TextPage } from '../text-page.ts'

/** A body that is made elsewhere or from what comes from there, and how many samples are in it. */
interface Body {
  readonly sampleCount: number
  bytes(): Buffer
  feed(feed: Feed): void
}

/** The identity series, as on every page, and behind them what it has been fed with. */
class FedPage implements MetricsPage {
  readonly textOnly = true
  readonly #identity: TextPage
  readonly #body: Body
  /** Grows to the longest; not shared, since it may be many megabytes. */
  #out = Buffer.alloc(0)

  constructor(spec: TargetSpec, body: Body) {
    this.#identity = new TextPage([identityTemplate(spec)], { compute: fillIdentity })
    this.#body = body
  }

  /** Those that are checked. */
  get series(): readonly SeriesDescription[] {
    return this.#identity.series
  }

  get sampleCount(): number {
    return IDENTITY_ROWS + this.#body.sampleCount
  }

  valueAt(index: number, unixMs: number, sequence: number): number {
    return this.#identity.valueAt(index, unixMs, sequence)
  }

  render(unixMs: number, sequence: number): Buffer {
    const identity = this.#identity.render(unixMs, sequence)
    const body = this.#body.bytes()
    const length = identity.length + body.length
    if (this.#out.length < length) this.#out = Buffer.allocUnsafeSlow(Math.ceil(length * 1.25))
    identity.copy(this.#out)
    body.copy(this.#out, identity.length)
    return this.#out.subarray(0, length)
  }

  feed(feed: Feed): void {
    this.#body.feed(feed)
  }
}

function objects(): Body {
  const registry = new StateRegistry()
  return {
    get sampleCount() {
      return registry.sampleCount
    },
    bytes: () => registry.page(),
    feed(feed) {
      if (feed.of === 'objects') for (const change of feed.changes) registry.apply(change)
    },
  }
}

function madePage(): Body {
  let bytes = Buffer.alloc(0)
  let sampleCount = 0
  return {
    get sampleCount() {
      return sampleCount
    },
    bytes: () => bytes,
    feed(feed) {
      if (feed.of !== 'page') return
      bytes = Buffer.from(feed.text)
      sampleCount = feed.text.match(/^[^#\n]/gm)?.length ?? 0
    },
  }
}

export const kubeStateMetrics: Profile = {
  name: 'kube-state-metrics',
  description:
    'kube-state-metrics 2.15 on its own objects: what the cluster’s store holds, some 45 series for each pod. Its values are not checked.',
  fedWith: 'objects',
  page: spec => new FedPage(spec, objects()),
}

export const cadvisor: Profile = {
  name: 'cadvisor',
  description:
    'cAdvisor of the pod’s node, with the families and labels of the kubelet’s own: CPU and memory of what runs there. Its values are not checked.',
  fedWith: 'page',
  page: spec => new FedPage(spec, madePage()),
}
