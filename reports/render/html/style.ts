import { PALETTE_STYLE } from './palette.ts'

/** The page's style: no fonts, images or scripts from anywhere. */
export const STYLE = `
${PALETTE_STYLE}*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
main,header,footer{max-width:1320px;margin:0 auto;padding:0 24px}
header{padding-top:28px}
a{color:var(--s0)}
code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
h1,h2,h3{line-height:1.25;margin:0;font-weight:650;letter-spacing:-.01em}
h1{font-size:30px;overflow-wrap:anywhere}
h2{font-size:20px;margin:44px 0 4px}
h3{font-size:15px}
p{margin:0}
.brand{display:flex;align-items:center;gap:8px;font-weight:600;color:var(--soft);margin-bottom:14px}
.brand svg{width:20px;height:20px;display:block}
.brand time{margin-left:auto;font-weight:400;font-variant-numeric:tabular-nums}
.lead{color:var(--soft);font-size:17px;margin-top:4px;max-width:62em}
.facts{display:flex;flex-wrap:wrap;gap:6px 28px;margin:18px 0 20px;padding:0}
.facts div{min-width:0}
.facts dt{font-size:12px;color:var(--faint)}
.facts dd{margin:0;overflow-wrap:anywhere}
.intro{color:var(--soft);max-width:70em;margin-bottom:14px}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:10px}
.verdict{display:flex;gap:14px;padding:16px 18px;border-radius:10px;border:1px solid;border-left-width:6px}
.verdict .sign{font-size:22px;line-height:1.2;font-weight:700}
.verdict strong{font-size:18px;line-height:1.4}
.verdict ul{margin:6px 0 0;padding-left:18px}
.verdict.pass{color:var(--pass);background:var(--pass-bg)}
.verdict.fail{color:var(--fail);background:var(--fail-bg)}
.verdict.invalid{color:var(--warn);background:var(--warn-bg)}
.verdict.regressed{color:var(--fail);background:var(--fail-bg)}
.verdict.improved{color:var(--pass);background:var(--pass-bg)}
.verdict.unchanged{color:var(--halt);background:var(--halt-bg)}
.verdict.inconclusive{color:var(--warn);background:var(--warn-bg)}
.verdict.aborted{color:var(--halt);background:var(--halt-bg)}
.verdict p,.verdict li{color:var(--ink)}
.warnings{margin:12px 0 0;padding:0;list-style:none}
.warnings li{padding:9px 14px;border-left:3px solid var(--warn);background:var(--warn-bg);border-radius:0 6px 6px 0;margin-top:6px;overflow-wrap:anywhere}
nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin:14px 0 0;font-size:13.5px}
nav a{text-decoration:none}nav a:hover{text-decoration:underline}
.apart{margin-top:22px}.warnings.apart{margin:0 0 14px;padding:10px 14px;border-left:3px solid var(--warn);background:var(--warn-bg);border-radius:0 6px 6px 0}
.warnings.apart ul{margin:4px 0 0;padding-left:18px}.warnings.apart li{padding:0;border:0;margin:0;background:none}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(215px,1fr));gap:12px;margin-top:18px}
.tile{padding:13px 16px 12px;min-width:0}
.tile dt{font-size:13px;color:var(--soft)}
.tile .big{margin:1px 0 0;font-size:26px;line-height:1.3;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums;white-space:nowrap}
.tile .big .arm{font-size:13px;letter-spacing:0;margin-right:7px;vertical-align:3px}
.tile .big+.big{margin-top:0}
.tile .two{font-size:21px}
.tile .sub{margin:2px 0 0;font-size:12.5px;color:var(--faint);font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:8px 12px;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
thead th{border-top:0;font-size:12px;font-weight:600;color:var(--soft);white-space:nowrap;vertical-align:bottom}
tbody tr.group th{padding-top:18px;font-size:13px;font-weight:650;border-top:1px solid var(--line);background:none}
tbody th{font-weight:400}
td.n,th.n{text-align:right;white-space:nowrap}
td.few,.few{color:var(--faint)}
td small,th small{display:block;white-space:normal;font-weight:400;color:var(--faint);font-size:12.5px;line-height:1.4;max-width:46em;min-width:16em}
.ok,.bad{white-space:nowrap}td code,th code{overflow-wrap:break-word}.env td code{overflow-wrap:anywhere}
.ok{color:var(--pass)}.bad{color:var(--fail);font-weight:600}
.chip{display:inline-block;padding:0 7px;border-radius:9px;font-size:12px;line-height:18px;font-weight:600;border:1.5px solid currentColor}
.chip.A{color:var(--s0)}.chip.B{color:var(--s1);border-style:dashed}
.figures{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:14px}
figure{margin:0;padding:14px 16px 12px;min-width:0}
figure.wide{grid-column:1/-1}
figcaption{font-size:12.5px;line-height:1.45;color:var(--soft);margin-top:6px;font-variant-numeric:tabular-nums}
.plot svg{display:block;width:100%;height:auto;margin-top:8px;font-size:12px;font-variant-numeric:tabular-nums}
figure+.panel.scroll{margin-top:14px}
h4{margin:0;font-size:13px;font-weight:600;line-height:1.3}
.compare tbody th{white-space:nowrap}.gate{color:var(--s4)}table .gate{display:inline-block;width:1.3em}
.pm{color:var(--faint);font-size:12.5px;display:inline-block;min-width:4.2em;text-align:right}
.shared{padding:9px 12px;border-top:1px solid var(--line);color:var(--soft);font-size:12.5px}
.doubt{color:var(--warn)}.verdict-cell small{min-width:9em}
.key.f0{color:var(--s0)}.key.f1{color:var(--s1)}
.found{padding:14px 18px;font-size:17px;margin-bottom:14px}
.strips{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:12px}
.strips figure{padding:11px 12px 6px}
.strip svg{display:block;width:100%;height:auto;margin-top:4px;font-size:12px;font-variant-numeric:tabular-nums}
svg.narrow{display:none!important}.ground{fill:var(--panel)}
.band{fill:var(--mark);opacity:.2}
.zero{stroke:var(--soft);stroke-width:1.2;fill:none}
.effect .what{fill:var(--ink);font-size:13px}.effect.gate .what{font-weight:600}
.effect .hint{fill:var(--faint);font-size:10.5px}
.effect .figure{fill:currentColor;font-weight:600;font-size:13px}.effect .word{fill:currentColor;font-size:13px}
.effect{color:var(--soft);font-weight:400}.effect.good{color:var(--pass)}.effect.bad{color:var(--fail)}.effect.doubtful{color:var(--warn)}
.effect.bad .word,.effect.good .word{font-weight:600}
.whisker{stroke:currentColor;stroke-width:2;fill:none}
.point{fill:currentColor;stroke:var(--panel);stroke-width:1.5}
.dot{stroke:var(--panel);stroke-width:1}
.pair{fill:none;stroke:var(--mark);stroke-width:1;opacity:.75}
.median{fill:none;stroke-width:3}
.step{stroke:currentColor;stroke-width:2.4;fill:var(--panel)}.step.bad{fill:none}
.limit .thin{stroke-width:1.2;stroke-dasharray:5 4}
.h0{fill:var(--h0)}.h1{fill:var(--h1)}.h2{fill:var(--h2)}.h3{fill:var(--h3)}.h4{fill:var(--h4)}.h5{fill:var(--h5)}
.sub th code{padding-left:1.2em;display:inline-block}.sub th,.sub td{border-top-style:dotted}
.grid{stroke:var(--grid);fill:none}
.axis{stroke:var(--mark);fill:none}
.tick text,.name{fill:var(--soft)}
.name{font-size:11.5px}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.line.dashed{stroke-dasharray:6 4}
.line.dense{stroke-width:1}
.line.faint{stroke-width:1;opacity:.3}
.area{opacity:.13}
.leader{fill:none;stroke-width:1;opacity:.45}
.label{font-weight:600}
.s0{stroke:var(--s0)}.s1{stroke:var(--s1)}.s2{stroke:var(--s2)}.s3{stroke:var(--s3)}.s4{stroke:var(--s4)}.s5{stroke:var(--s5)}
.f0{fill:var(--s0)}.f1{fill:var(--s1)}.f2{fill:var(--s2)}.f3{fill:var(--s3)}.f4{fill:var(--s4)}.f5{fill:var(--s5)}
.mark path{stroke:var(--mark);stroke-dasharray:2 3;fill:none;opacity:.75}
.mark.rug path{stroke-dasharray:none;stroke:var(--ink);opacity:.55}
.mark text{fill:var(--soft);font-size:11.5px}
.limit path{fill:none;stroke:currentColor;stroke-width:2}
.limit text{fill:currentColor;font-weight:600;paint-order:stroke;stroke:var(--panel);stroke-width:3px}
.bar{display:block;height:8px;border-radius:2px;background:var(--s0);min-width:1px}
.bar.B{background:var(--s1)}
td.w{width:30%;min-width:120px;vertical-align:middle}
details{margin-top:10px;padding:0 16px}
summary{cursor:pointer;font-weight:600;padding:12px 0}
details[open]{padding-bottom:14px}
pre{margin:0;max-height:520px;overflow:auto;font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere}
.env th{width:15em;color:var(--soft);white-space:nowrap}
.read{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:8px 32px;padding:16px 18px;margin:14px 0 0}
.read dt{font-weight:600;margin-top:4px}
.read dd{margin:0;color:var(--soft)}
footer{margin-top:36px;padding-bottom:36px;color:var(--faint);font-size:13px}
@media screen and (max-width:860px){.figures{grid-template-columns:minmax(0,1fr)}main,header,footer{padding-left:14px;padding-right:14px}.plot{overflow-x:auto}.plot svg{min-width:500px}.wide .plot svg{min-width:860px}.wide .fit svg{min-width:0}}
@media screen and (max-width:640px){svg.narrow{display:block!important}svg.broad{display:none!important}}
@media print{:root{--bg:#fff;--panel:#fff;--ink:#000;--soft:#333;--faint:#555;--line:#ccc;--grid:#e3e3e3;--s0:#0072b2;--s1:#bd4c00;--s2:#00805c;--s3:#a8558a;--s4:#8a6a00;--s5:#3f6f8f;--h0:#a9cce8;--h1:#74aed6;--h2:#4090c5;--h3:#1f6fb0;--h4:#0f4c8c;--h5:#082f63;
--pass:#0a6b4b;--pass-bg:#fff;--fail:#a8201a;--fail-bg:#fff;--warn:#7a4f00;--warn-bg:#fff;--halt:#4a4f63;--halt-bg:#fff;--mark:#888}
@page{margin:14mm}
body{font-size:11px}.lead,h3{font-size:13px}figcaption,td small,th small,.tile .sub,.tile dt{font-size:9.5px}.bar{print-color-adjust:exact;-webkit-print-color-adjust:exact}main,header,footer{max-width:none;padding:0}table{font-size:9.5px}th,td{padding:4px 5px}thead th,tbody tr.group th,.pm,h4,.chip{font-size:9px}.chip{line-height:13px;padding:0 4px}.pm,td small,th small{min-width:0}tbody tr.group th{padding-top:8px}.scroll{overflow:visible}
nav{display:none}svg path,svg rect,svg circle{print-color-adjust:exact;-webkit-print-color-adjust:exact}.strips{grid-template-columns:repeat(4,1fr);gap:6px}
.panel,.verdict,figure,tr{break-inside:avoid}h2,h3{break-after:avoid}.figures{gap:8px}pre{max-height:none;font-size:9px}
details::details-content{display:block;content-visibility:visible;block-size:auto}
.tiles{grid-template-columns:repeat(4,1fr)}.tile .big{font-size:20px}}
`

/** Where scripts run, their charts stand in the place of the static ones; on paper it is the other way round. */
export const LIVE_STYLE = `
.controls{display:flex;flex-wrap:wrap;align-items:center;gap:6px 14px;margin-bottom:12px;font-size:13.5px}
.controls[hidden]{display:none}
.controls select,.controls button{font:inherit;color:var(--ink);background:var(--panel);border:1px solid var(--mark);border-radius:6px;padding:3px 9px}
.controls button:disabled{color:var(--faint);border-color:var(--line)}
.controls .how{color:var(--faint);font-size:12.5px}
.controls output{flex-basis:100%;min-height:1.5em;color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.live{display:none;margin-top:8px}
.live:focus-visible{outline:2px solid var(--s0);outline-offset:2px}
.uplot{font-family:inherit}.u-legend{font-size:12.5px;text-align:left;margin:2px 0 0;font-variant-numeric:tabular-nums}.u-legend th{color:var(--soft)}
.u-legend td,.u-legend th{border:0}.u-legend tr:first-child{min-width:7em}.u-legend .u-value{min-width:5em}
.u-select{background:var(--s0);opacity:.18}.u-hz .u-cursor-x,.u-vt .u-cursor-y{border-right:1px dashed var(--soft)}.u-hz .u-cursor-y,.u-vt .u-cursor-x{border-bottom:0}
@media screen{.js [data-live]>svg{display:none}.js .live{display:block}.js [data-live]{overflow:visible}}
@media print{.controls{display:none!important}}
`
