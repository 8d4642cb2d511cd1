/** Style of the live page; its colours are the report's (PALETTE_STYLE), with those of pod states named after what they mean. */
export const UI_STYLE = `
:root{--pod-starting:var(--mark);--pod-waiting:var(--s1);--pod-scraped:var(--h1);--pod-visible:var(--s0);--pod-terminating:var(--faint);--pod-silent:var(--s3);--focus:var(--s0)}
/* Without a subject nobody is late. */
:root.alone{--pod-waiting:var(--s2)}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
header,main,footer{max-width:1480px;margin:0 auto;padding:0 24px}
header{padding-top:20px}
h1,h2{line-height:1.25;margin:0;font-weight:650;letter-spacing:-.01em}
h1{font-size:28px;overflow-wrap:anywhere}
h2{font-size:18px}
p{margin:0}
a{color:var(--s0)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.skip{position:absolute;left:-999px}
.skip:focus{left:8px;top:8px;background:var(--panel);padding:8px 12px;z-index:9}
.brand{display:flex;align-items:center;gap:8px;font-weight:600;color:var(--soft);margin-bottom:10px}
.link{margin-left:auto;font-weight:400;font-size:13px;color:var(--soft)}
.link::before{content:"";display:inline-block;width:9px;height:9px;border-radius:50%;margin-right:7px;background:var(--mark)}
.link.live::before{background:var(--pass)}
.link.lost{color:var(--warn)}
.link.lost::before{background:var(--warn);border-radius:0}
.lead{color:var(--soft);font-size:16px;max-width:62em}
.facts,.hint,footer{color:var(--faint);font-size:13px}
.facts{overflow-wrap:anywhere}
.progress{display:flex;align-items:center;gap:14px;margin:12px 0 0}
.progress p{font-size:14px;color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap}
.bar{flex:1;height:8px;border-radius:4px;background:var(--line);overflow:hidden}
.bar span{display:block;height:100%;width:0;background:var(--s0)}
.bar[aria-busy=true] span{opacity:.5}
.verdict{margin-top:16px;padding:14px 18px;border-radius:10px;border:1px solid;border-left-width:6px;overflow-wrap:anywhere}
.verdict strong{font-size:18px}
.verdict ul{margin:4px 0;padding-left:20px}
.verdict li,.verdict p{color:var(--ink)}
.verdict .actions{display:flex;flex-wrap:wrap;gap:6px 18px;margin-top:6px}
.verdict.pass{color:var(--pass);background:var(--pass-bg)}
.verdict.fail{color:var(--fail);background:var(--fail-bg)}
.verdict.warn{color:var(--warn);background:var(--warn-bg)}
.verdict.halt{color:var(--halt);background:var(--halt-bg)}
.panel{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:14px 16px;min-width:0;position:relative}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:18px 0}
.tiles div{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:9px 14px 8px;min-width:0}
.tiles dt{font-size:13px;color:var(--soft)}
.tiles dd{margin:0;font-variant-numeric:tabular-nums}
.tiles .big{font-size:23px;line-height:1.3;font-weight:650;letter-spacing:-.02em;white-space:nowrap}
.tiles .sub{font-size:12.5px;color:var(--faint);min-height:19px}
.tiles .bad .big{color:var(--fail)}
.columns{display:grid;grid-template-columns:minmax(0,2.2fr) minmax(280px,1fr);gap:14px;align-items:start}
.side{display:grid;gap:14px;min-width:0}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:6px 0 10px;padding:0;font-size:13px;color:var(--soft);font-variant-numeric:tabular-nums}
.legend li{display:flex;align-items:center;gap:6px;white-space:nowrap}
.legend canvas{display:block}
.legend b{color:var(--ink);font-weight:600}
.scroll{overflow-x:auto}
#map{display:block;cursor:default;touch-action:pan-x pan-y;border-radius:4px}
.hint{margin-top:6px}
.tip{position:absolute;z-index:5;pointer-events:none;background:var(--ink);color:var(--bg);border-radius:6px;padding:5px 9px;font-size:13px;line-height:1.4;max-width:320px;overflow-wrap:anywhere}
.details{margin-top:10px;border-top:1px solid var(--line);padding-top:10px}
.details h3{margin:0;font-size:15px;overflow-wrap:anywhere}
.details .head{display:flex;gap:10px;justify-content:space-between;align-items:start}
.details dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(165px,1fr));gap:6px 18px;margin:8px 0 0}
.details dt{font-size:12px;color:var(--faint)}
.details dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.nodes{margin-top:10px;font-size:14px}
.nodes summary{cursor:pointer;color:var(--soft)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:13px}
th,td{text-align:left;padding:4px 10px;border-top:1px solid var(--line);white-space:nowrap}
th.n,td.n{text-align:right}
thead th{border-top:0;color:var(--soft);font-weight:600}
tbody th{font-weight:400}
.log{list-style:none;margin:8px 0 0;padding:0;max-height:440px;overflow-y:auto;font-size:13.5px}
.log:empty::before{content:"nothing yet";color:var(--faint)}
.log li{display:grid;grid-template-columns:58px 14px minmax(0,1fr);gap:6px;padding:4px 2px;border-top:1px solid var(--line)}
.log li:first-child{border-top:0}
.log time{color:var(--faint);text-align:right;font-variant-numeric:tabular-nums}
.log .sign{text-align:center;font-weight:700}
.log .text{overflow-wrap:anywhere;white-space:pre-wrap}
.log .action .sign{color:var(--s0)}.log .node .sign{color:var(--s3)}.log .warning .sign{color:var(--warn)}.log .fault .sign{color:var(--fail)}
.log .fault .text{color:var(--fail);font-weight:600}
.charts{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:14px;margin-top:10px}
.charts figure{margin:0}
.charts figcaption{display:flex;flex-wrap:wrap;gap:2px 16px;align-items:baseline;font-size:14px;font-weight:600;margin-bottom:4px}
.charts .key{font-weight:400;font-size:12.5px;color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap}
.charts .key i{display:inline-block;width:16px;height:0;border-top:2.5px solid;margin-right:5px;vertical-align:4px}
.charts .key i.dashed{border-top-style:dashed}
.uplot{width:100%}
form{display:grid;gap:10px;margin-top:8px}
label{display:grid;gap:2px;font-size:13px;color:var(--soft)}
label small{color:var(--faint);font-size:12px}
label.check{grid-template-columns:auto 1fr;align-items:center;gap:8px}
input,select,button{font:inherit;font-size:14px;color:var(--ink);background:var(--bg);border:1px solid var(--mark);border-radius:6px;padding:6px 9px;min-width:0;max-width:100%}
button{cursor:pointer;background:var(--panel);font-weight:600}
button.primary{background:var(--s0);border-color:var(--s0);color:var(--panel);justify-self:start;padding:7px 16px}
button.plain{border:0;background:none;color:var(--s0);padding:0 4px}
button:disabled{opacity:.55;cursor:default}
#control-answer{margin-top:8px;font-size:13.5px;min-height:20px;overflow-wrap:anywhere}
#control-answer.bad{color:var(--fail)}
#control-answer.ok{color:var(--pass)}
h2#lines-title{margin-top:24px}
footer{padding-top:18px;padding-bottom:28px}
@media (max-width:900px){.columns,.charts{grid-template-columns:minmax(0,1fr)}.log{max-height:260px}}
@media (max-width:560px){header,main,footer{padding-left:12px;padding-right:12px}.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}.tiles .big{font-size:19px}.progress{flex-direction:column;align-items:stretch;gap:6px}.bar{flex:none}.progress p{white-space:normal}.hint{display:none}}
@media (forced-colors:active){.bar span{background:Highlight}}
`
