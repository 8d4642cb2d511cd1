import { createHash } from 'node:crypto'
import { assert } from '../../../base/index.ts'
import { html, Markup } from './markup.ts'
import { STYLE } from './style.ts'

export interface PageParts {
  readonly title: string
  readonly body: Markup
  /** Beside the style that all pages have. */
  readonly style?: string
  /** Runs at the end of the page; it is the only script that may. */
  readonly script?: string
}

/**
 * One HTML file that needs nothing else: no network, light and dark, on screen and on paper.
 *
 * Its policy lets nothing be loaded, and nothing run but the script that stands in it, which it names by hash.
 */
export function htmlPage({ title, body, style, script }: PageParts): string {
  const policy = ["default-src 'none'", "style-src 'unsafe-inline'"]
  if (script !== undefined) {
    // A script ends at the first of these, wherever it stands.
    assert(!/<\/script|<!--/i.test(script), () => 'a script that would end before its end')
    policy.splice(1, 0, `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`)
  }
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        <style>
          ${new Markup(STYLE + (style ?? ''))}
        </style>
      </head>
      <body>
        ${body}${script !== undefined && new Markup(`<script>${script}</script>`)}
      </body>
    </html> `.text
}

/** Data for the script of a page: never run, and unable to end its element. */
export function dataBlock(id: string, data: unknown): Markup {
  const text = JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return new Markup(`<script type="application/json" id="${id}">${text}</script>`)
}
