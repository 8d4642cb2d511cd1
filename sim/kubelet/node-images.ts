import type { Prng } from '../../base/index.ts'
import type { LogNormal } from '../messages.ts'
import { UNAVAILABLE_REGISTRY } from '../stages/index.ts'

/** z of the 99th percentile of the normal distribution. */
const Z99 = 2.3263478740408408
/** Asking the registry whether an image that is there is still the newest. */
const CHECK_MS = { low: 200, high: 900 }

export interface ImagePull {
  readonly durationMs: number
  readonly sizeBytes: number
}

/**
 * The images that a node has, and how long it takes to get others.
 *
 * An image takes about as long everywhere, as it is large or small; which it is follows from the seed and its name.
 */
export class NodeImages {
  readonly #prng: Prng
  readonly #node: string
  readonly #model: LogNormal | undefined
  readonly #present = new Set<string>()

  /** @param prng the same for all nodes. @param model without one, images are there unless a pod says otherwise. */
  constructor(prng: Prng, node: string, model: LogNormal | undefined) {
    this.#prng = prng
    this.#node = node
    this.#model = model
  }

  add(image: string): void {
    this.#present.add(image)
  }

  /** What a container finds that wants this image. @param wish its `image-pull`, see `behaviour.ts`. */
  stateOf(
    image: string,
    policy: string | undefined,
    wish: 'fail' | number | undefined,
  ): 'present' | 'absent' | 'unavailable' | 'refused' {
    const isPresent = this.#present.has(image)
    if (policy === 'Never') return isPresent || this.#isEverywhere(image, wish) ? 'present' : 'refused'
    if (isPresent && policy !== 'Always') return 'present'
    if (wish === 'fail' || image.startsWith(UNAVAILABLE_REGISTRY)) return 'unavailable'
    return this.#isEverywhere(image, wish) ? 'present' : 'absent'
  }

  pull(image: string, wish: number | undefined): ImagePull {
    const own = this.#prng.fork(`image/${image}`)
    const z = standardNormal(own)
    // Larger images take longer: 60 MB at the median, spread as the times are.
    const sizeBytes = Math.round(60_000_000 * Math.exp(0.8 * z))
    if (wish !== undefined) return { durationMs: wish, sizeBytes }
    const here = this.#prng.fork(`node/${this.#node}/image/${image}`)
    if (this.#model === undefined || this.#present.has(image)) {
      return { durationMs: here.between(CHECK_MS.low, CHECK_MS.high), sizeBytes }
    }
    const { p50, p99 } = this.#model
    const sigma = Math.log(p99 / p50) / Z99
    const nodesOwn = here.between(80, 120) / 100
    return { durationMs: Math.max(1, Math.round(p50 * Math.exp(sigma * z) * nodesOwn)), sizeBytes }
  }

  #isEverywhere(image: string, wish: 'fail' | number | undefined): boolean {
    return this.#model === undefined && wish === undefined && !image.startsWith(UNAVAILABLE_REGISTRY)
  }
}

/** What containerd says of an image that the registry does not know. */
export function pullError(image: string): string {
  const name = image.includes('/') ? image : `docker.io/library/${image}`
  const reference = /:[^/]+$/.test(name) || name.includes('@') ? name : `${name}:latest`
  return (
    `rpc error: code = NotFound desc = failed to pull and unpack image "${reference}": ` +
    `failed to resolve reference "${reference}": ${reference}: not found`
  )
}

/** Box–Muller; one of the two. */
function standardNormal(prng: Prng): number {
  const radius = Math.sqrt(-2 * Math.log(1 - prng.unit()))
  return radius * Math.cos(2 * Math.PI * prng.unit())
}
