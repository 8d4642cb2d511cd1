import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** The chart library as it stands in pages: nothing is loaded when they are opened. */
export interface UPlotAssets {
  /** Defines the global `uPlot`. Begins with the notice that its licence asks for. */
  readonly script: string
  readonly style: string
}

let assets: UPlotAssets | undefined

/** Read once, from the installed package. */
export function uPlotAssets(): UPlotAssets {
  if (assets !== undefined) return assets
  const require = createRequire(import.meta.url)
  const read = (file: string): string => readFileSync(require.resolve(`uplot/${file}`), 'utf8')
  const { version } = JSON.parse(read('package.json')) as { version: string }
  // Its own first line is an address; pages of ours hold none.
  const code = read('dist/uPlot.iife.min.js').replace(/^\/\*!.*?\*\/\s*/s, '')
  assets = {
    script: `/*! uPlot ${version}\n\n${read('LICENSE').trim()}\n*/\n${code.trim()}`,
    style: read('dist/uPlot.min.css').trim(),
  }
  return assets
}
