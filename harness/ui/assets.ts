import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PALETTE_STYLE } from '../../reports/index.ts'
import { ICON } from './shell.ts'
import { UI_STYLE } from './style.ts'

export interface Asset {
  readonly type: string
  readonly body: string | Buffer
}

const SCRIPT = 'text/javascript; charset=utf-8'
const STYLE = 'text/css; charset=utf-8'

/** Modules that the page shares with the server, by their file in this folder. */
const SHARED = ['wire.js', 'row-ring.js']

/**
 * What the page is made of, by path: its compiled modules beside this file, and uPlot from where it is installed. Read once,
 * so that nothing of the file system is reachable by a request.
 */
export function loadAssets(): ReadonlyMap<string, Asset> {
  const here = fileURLToPath(new URL('.', import.meta.url))
  const pageDir = join(here, 'page')
  const assets = new Map<string, Asset>()
  const script = (path: string, file: string): void => {
    // The maps are not served, and a browser would complain.
    const body = readFileSync(file, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')
    assets.set(path, { type: SCRIPT, body })
  }
  for (const name of readdirSync(pageDir).filter(file => file.endsWith('.js')))
    script(`/page/${name}`, join(pageDir, name))
  for (const name of SHARED) script(`/${name}`, join(here, name))
  const require = createRequire(import.meta.url)
  script('/uplot.js', require.resolve('uplot/dist/uPlot.iife.min.js'))
  assets.set('/uplot.css', { type: STYLE, body: readFileSync(require.resolve('uplot/dist/uPlot.min.css')) })
  assets.set('/style.css', { type: STYLE, body: PALETTE_STYLE + UI_STYLE })
  assets.set('/icon.svg', { type: 'image/svg+xml', body: ICON })
  return assets
}
