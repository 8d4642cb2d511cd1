import type { Boot } from './wire.ts'

/** The page before its script runs. Nothing in it comes from outside this server. */
export function shell(boot: Boot): string {
  // Inside a script element only `<` could end it.
  const data = JSON.stringify(boot).replaceAll('<', String.raw`\u003c`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>churnbench</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/uplot.css">
<link rel="stylesheet" href="/style.css">
<script type="application/json" id="boot">${data}</script>
<script src="/uplot.js" defer></script>
<script src="/page/main.js" type="module"></script>
</head>
<body>
<a class="skip" href="#map">Skip to the cluster map</a>
<header>
  <div class="brand"><img src="/icon.svg" alt="" width="20" height="20"> churnbench <span id="link" class="link" role="status">connecting …</span></div>
  <h1 id="scenario">Waiting for the first event …</h1>
  <p class="lead" id="description"></p>
  <p class="facts" id="facts"></p>
  <div class="progress" id="progress">
    <div class="bar" role="progressbar" aria-label="Progress of the scenario" aria-valuemin="0" aria-valuemax="100" id="bar"><span id="fill"></span></div>
    <p id="phase"></p>
  </div>
  <section class="verdict" id="verdict" role="status" hidden></section>
</header>
<noscript><p class="lead">The live page needs JavaScript. The report that is written at the end does not.</p></noscript>
<main>
  <dl class="tiles" id="tiles"></dl>
  <div class="columns">
    <section class="panel map" aria-labelledby="map-title">
      <h2 id="map-title">Cluster</h2>
      <ul class="legend" id="legend"></ul>
      <div class="scroll" id="map-scroll"><canvas id="map" tabindex="0" role="application" aria-describedby="map-help" aria-label="Map of the pods"></canvas></div>
      <p class="hint" id="map-help">Click a pod for its ages and latencies; arrow keys go from pod to pod, Escape lets go.</p>
      <div class="tip" id="tip" hidden></div>
      <section class="details" id="details" aria-live="polite" hidden></section>
      <details class="nodes"><summary>The same as a table</summary><div class="scroll"><table id="nodes"></table></div></details>
    </section>
    <div class="side">
      <section class="panel control" id="control" aria-labelledby="control-title" hidden>
        <h2 id="control-title">Actions</h2>
        <form id="control-form"></form>
        <p id="control-answer" role="status"></p>
      </section>
      <section class="panel" aria-labelledby="log-title">
        <h2 id="log-title">Events</h2>
        <ol class="log" id="log" role="log" aria-live="polite" aria-label="Events, newest first" tabindex="0"></ol>
      </section>
    </div>
  </div>
  <section aria-labelledby="lines-title">
    <h2 id="lines-title">Time lines</h2>
    <div class="charts" id="charts"></div>
  </section>
</main>
<footer><p>Served by this run on this machine only. Dashed lines in the time lines are actions on the cluster.</p></footer>
</body>
</html>
`
}

/** A target with a pod found in it. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><g fill="none" stroke="#0072b2" stroke-width="2"><circle cx="10" cy="10" r="8"/><path d="M10 0v5M10 15v5M0 10h5M15 10h5"/></g><circle cx="10" cy="10" r="3" fill="#bd4c00"/></svg>`
