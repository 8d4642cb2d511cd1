/**
 * The page's style: no fonts, images or scripts from anywhere.
 *
 * Series colours are Okabe and Ito's, which people with any kind of colour vision tell apart; on dark ground they are
 * lightened. Good and bad are never told by colour alone: there is always a sign or a word.
 */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f6f7f8;--panel:#fff;--ink:#171b21;--soft:#57616d;--faint:#7a8490;--line:#dde2e7;--grid:#e9edf0;
--s0:#0072b2;--s1:#c85200;--s2:#00805c;--s3:#a8558a;--s4:#8a6a00;--s5:#3f6f8f;
--pass:#0a6b4b;--pass-bg:#e4f4ec;--fail:#a8201a;--fail-bg:#fcebe9;--warn:#7a4f00;--warn-bg:#fdf3dc;--halt:#4a4f63;--halt-bg:#ebecf2;--mark:#9aa3ad}
@media (prefers-color-scheme:dark){:root{--bg:#0f1216;--panel:#171b21;--ink:#e8ebee;--soft:#a3adb8;--faint:#87919c;--line:#2b323a;--grid:#242a31;
--s0:#5ab4f0;--s1:#f08a45;--s2:#35c79c;--s3:#dd93c2;--s4:#e0b73f;--s5:#9fc3da;
--pass:#5fd3a3;--pass-bg:#12291f;--fail:#ff9a90;--fail-bg:#321614;--warn:#f0c060;--warn-bg:#2d2310;--halt:#b9bfd4;--halt-bg:#22252f;--mark:#5f6973}}
*{box-sizing:border-box}
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
.verdict.aborted{color:var(--halt);background:var(--halt-bg)}
.verdict p,.verdict li{color:var(--ink)}
.warnings{margin:12px 0 0;padding:0;list-style:none}
.warnings li{padding:9px 14px;border-left:3px solid var(--warn);background:var(--warn-bg);border-radius:0 6px 6px 0;margin-top:6px;overflow-wrap:anywhere}
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
td.few{color:var(--faint)}
td small,th small{display:block;white-space:normal;font-weight:400;color:var(--faint);font-size:12.5px;line-height:1.4;max-width:46em;min-width:16em}
.ok,.bad{white-space:nowrap}td code{overflow-wrap:break-word}.env td code{overflow-wrap:anywhere}
.ok{color:var(--pass)}.bad{color:var(--fail);font-weight:600}
.chip{display:inline-block;padding:0 7px;border-radius:9px;font-size:12px;line-height:18px;font-weight:600;border:1.5px solid currentColor}
.chip.A{color:var(--s0)}.chip.B{color:var(--s1);border-style:dashed}
.figures{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:14px}
figure{margin:0;padding:14px 16px 12px;min-width:0}
figure.wide{grid-column:1/-1}
figcaption{font-size:12.5px;line-height:1.45;color:var(--soft);margin-top:6px;font-variant-numeric:tabular-nums}
.plot svg{display:block;width:100%;height:auto;margin-top:8px;font-size:12px;font-variant-numeric:tabular-nums}
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
@media screen and (max-width:860px){.figures{grid-template-columns:minmax(0,1fr)}main,header,footer{padding-left:14px;padding-right:14px}.plot{overflow-x:auto}.plot svg{min-width:500px}.wide .plot svg{min-width:860px}}
@media print{:root{--bg:#fff;--panel:#fff;--ink:#000;--soft:#333;--faint:#555;--line:#ccc;--grid:#e3e3e3;--s0:#0072b2;--s1:#c85200;--s2:#00805c;--s3:#a8558a;--s4:#8a6a00;--s5:#3f6f8f;
--pass:#0a6b4b;--pass-bg:#fff;--fail:#a8201a;--fail-bg:#fff;--warn:#7a4f00;--warn-bg:#fff;--halt:#4a4f63;--halt-bg:#fff;--mark:#888}
@page{margin:14mm}
body{font-size:11px}.lead,h3{font-size:13px}figcaption,td small,th small,.tile .sub,.tile dt{font-size:9.5px}.bar{print-color-adjust:exact;-webkit-print-color-adjust:exact}main,header,footer{max-width:none;padding:0}table{font-size:10px}th,td{padding:4px 6px}
.panel,.verdict,figure,tr{break-inside:avoid}h2,h3{break-after:avoid}.figures{gap:8px}pre{max-height:none;font-size:9px}
details::details-content{display:block;content-visibility:visible;block-size:auto}
.tiles{grid-template-columns:repeat(4,1fr)}.tile .big{font-size:20px}}
`
