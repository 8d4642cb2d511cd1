import { html, type Markup } from './markup.ts'

/** Terms and what they mean, as a list of the page's style. */
export function definitions(className: string, entries: readonly (readonly [string, Markup | string])[]): Markup {
  return html`<dl class="${className}">
    ${entries.map(
      ([term, text]) =>
        html`<div>
          <dt>${term}</dt>
          <dd>${text}</dd>
        </div>`,
    )}
  </dl>`
}
