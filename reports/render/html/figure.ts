import { html, type Markup } from './markup.ts'

/** A chart with its heading and what there is to know about it. */
export interface Figure {
  readonly title: string
  readonly chart: Markup
  readonly notes: readonly string[]
  /** Spans the page. */
  readonly wide?: boolean
  /** Identifier of the chart, when a script may put one that moves in its place. */
  readonly live?: string
}

export function figureGrid(figures: readonly Figure[]): Markup {
  return html`<div class="figures">
    ${figures.map(
      ({ title, chart, notes, wide, live }) =>
        html`<figure class="panel${wide === true ? ' wide' : ''}">
          <h3>${title}</h3>
          <div class="plot" ${live !== undefined && html` data-live="${live}"`}>${chart}</div>
          ${notes.length > 0 && html`<figcaption>${notes.map(note => html`<p>${note}</p>`)}</figcaption>`}
        </figure>`,
    )}
  </div>`
}
