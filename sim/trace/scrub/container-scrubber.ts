import { RecentMap } from '../../informers/recent-map.ts'
import type { TraceContainer, TraceServicePort } from '../churn-event.ts'
import type { Keep } from './keep.ts'
import type { ObjectNames } from './object-names.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import type { ScrubLedger } from './scrub-ledger.ts'
import { PORT_NAMES } from './well-known.ts'

const IMAGES_CACHED_MAX = 10_000

/** Containers and ports. Numbers of ports stay: they are what is scraped. */
export class ContainerScrubber {
  readonly #pseudonyms: Pseudonyms
  readonly #ledger: ScrubLedger
  readonly #names: ObjectNames
  readonly #keep: Keep
  readonly #images = new RecentMap<string>(IMAGES_CACHED_MAX)

  constructor(pseudonyms: Pseudonyms, ledger: ScrubLedger, names: ObjectNames, keep: Keep) {
    this.#pseudonyms = pseudonyms
    this.#ledger = ledger
    this.#names = names
    this.#keep = keep
  }

  container({ name, image, ports }: TraceContainer): TraceContainer {
    return {
      name: this.#names.container(name),
      ...(image === undefined ? {} : { image: this.image(image) }),
      ports: ports.map(port => ({ ...this.#named(port.name), port: this.#number(port.port) })),
    }
  }

  servicePort({ name, port, targetPort }: TraceServicePort): TraceServicePort {
    return {
      ...this.#named(name),
      port: this.#number(port),
      ...(targetPort === undefined ? {} : { targetPort: this.#target(targetPort) }),
    }
  }

  /** `registry.example/<where>/<name>:<version>`: images of one place, of one name, of one version stay recognisable as such. */
  image(image: string): string {
    if (this.#keep.names.has('images')) return this.#ledger.keep('images', image)
    const known = this.#images.get(image)
    if (known !== undefined) return known
    this.#ledger.replace('images', image)
    const nameAt = image.lastIndexOf('/') + 1
    const [name = ''] = /^[^:@]*/.exec(image.slice(nameAt)) ?? []
    for (const part of image.slice(0, nameAt).split('/')) this.#ledger.replace('parts of images', part)
    const where = this.#pseudonyms.word('image', 'parts of images', image.slice(0, nameAt))
    const what = this.#pseudonyms.word('image', 'parts of images', name)
    const version = this.#pseudonyms.hash('parts of images', image.slice(nameAt + name.length))
    const text = this.#pseudonyms.composed('image', image, `registry.example/${where}/${what}:${version}`)
    this.#images.set(image, text)
    return text
  }

  #named(name: string | undefined): { readonly name?: string } {
    return name === undefined ? {} : { name: this.#portName(name) }
  }

  #portName(name: string): string {
    const isKept = PORT_NAMES.has(name) || this.#keep.names.has('ports')
    return isKept ? this.#ledger.keep('port names', name) : this.#pseudonyms.word('port', 'port names', name)
  }

  #target(target: number | string): number | string {
    if (typeof target === 'number') return this.#number(target)
    return /^\d{1,5}$/.test(target) ? this.#ledger.keep('port numbers', target) : this.#portName(target)
  }

  #number(port: number): number {
    this.#ledger.keep('port numbers', String(port))
    return port
  }
}
