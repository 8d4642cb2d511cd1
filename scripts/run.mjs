/** Entry of every npm script: makes the clone ready, then hands over to the compiled program. */
import { ensureReady } from './ensure.mjs'

ensureReady()
await import(new URL('../build/scripts/churnbench.js', import.meta.url))
