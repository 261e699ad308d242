// How the page of a report looks. Colours are those of Okabe and Ito, which colour-blind readers tell apart, made readable on each ground.

const LIGHT = `--ground:#fff;--raised:#f6f7f9;--ink:#1b1f24;--faint:#59636e;--line:#d8dee4;--error:#b3261e;--warning:#8a5a00;--good:#1a6e3c;
--c0:#0072b2;--c1:#b84a00;--c2:#00795a;--c3:#a34d85;--c4:#3d3d3d;--c5:#8f6a00;--c6:#2f81b7;--c7:#6a51a3;`;
const DARK = `--ground:#0f1318;--raised:#181d24;--ink:#e6eaef;--faint:#9aa5b1;--line:#2f3741;--error:#ff8a80;--warning:#f0b840;--good:#6fd39a;
--c0:#56b4e9;--c1:#ee8a4a;--c2:#2fc79b;--c3:#de9cc4;--c4:#d0d5db;--c5:#f0e442;--c6:#8fd0f5;--c7:#b9a5e8;`;

export const STYLE = `
:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
@media print{:root{color-scheme:light;${LIGHT}}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1120px;padding:32px 20px 64px;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 4px}
h2{font-size:1.2rem;margin:40px 0 12px}
.subject,figcaption p,.note{color:var(--faint);margin:0}
.verdict{font-weight:600;margin:16px 0}
.good{color:var(--good)}
.finding{border:1px solid var(--line);border-left:5px solid var(--accent);border-radius:6px;background:var(--raised);padding:12px 16px;margin:12px 0;break-inside:avoid}
.error{--accent:var(--error)}.warning{--accent:var(--warning)}
.finding h3{font-size:1rem;margin:0}
.finding h3 b{color:var(--accent);text-transform:uppercase;font-size:.8rem;letter-spacing:.06em;margin-right:8px}
.finding p{margin:6px 0}
.finding .cure{margin:10px 0 2px;padding-top:8px;border-top:1px solid var(--line);white-space:pre-wrap}
pre{margin:8px 0 0;padding:10px 12px;background:var(--ground);border:1px solid var(--line);border-radius:4px;white-space:pre-wrap}
code,pre{font:.875rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:36px 28px}
figure{margin:0;min-width:0;break-inside:avoid}
figure.wide{grid-column:1/-1}
figcaption{margin-bottom:10px}
figcaption strong{display:block}
figcaption p,.note{font-size:.875rem}
.plot{width:100%}
.empty{border:1px dashed var(--line);border-radius:6px;padding:28px 16px;text-align:center;color:var(--faint)}
details{margin-top:8px;font-size:.875rem}
summary{cursor:pointer;color:var(--faint)}
.scroll{overflow-x:auto;max-height:480px;overflow-y:auto}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;width:100%}
th,td{padding:5px 10px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-weight:600}
th:first-child,td:first-child{text-align:left;white-space:normal;min-width:9em}
.scroll th:first-child,.scroll td:first-child{position:sticky;left:0;background:var(--ground)}
.cures{list-style:none;margin:12px 0;padding:0;border-top:1px solid var(--line)}
.cures li{display:grid;grid-template-columns:4.5em 1fr;padding:10px 0;border-bottom:1px solid var(--line);break-inside:avoid}
.cures li>b{font-variant-numeric:tabular-nums}
.cures div{min-width:0}
.cures i{display:block;height:4px;min-width:1px;margin:2px 0 6px;border-radius:2px;background:var(--c0)}
.cures .plain i{background:var(--faint)}
.cures p{margin:0}.cures p::first-letter{text-transform:uppercase}
.cures span{color:var(--faint);font-size:.875rem;font-variant-numeric:tabular-nums;margin-left:6px}
.ridge{display:grid;grid-template-columns:minmax(64px,150px) 1fr 56px;align-items:end;column-gap:10px}
.ridge .name,.ridge .zeros{font-size:.8125rem;line-height:1.2;padding-bottom:2px}
.ridge .name{display:flex;justify-content:flex-end;white-space:pre;overflow:hidden}
.ridge .name span{overflow:hidden;text-overflow:ellipsis}
.ridge .zeros{color:var(--faint);text-align:right;font-variant-numeric:tabular-nums}
.ridge svg{display:block;width:100%;border-bottom:1px solid var(--line);overflow:visible}
.ridge path{fill:var(--c0);fill-opacity:.75}
.ridge line{stroke:var(--line);vector-effect:non-scaling-stroke}
.ridge .axis{position:relative;height:20px}
.ridge .axis span{position:absolute;transform:translateX(-50%);font-size:.75rem;color:var(--faint);white-space:nowrap;top:3px}
.u-legend{font-size:.8125rem;text-align:left!important;max-height:9.5em;overflow-y:auto}
.u-legend th:first-child{min-width:0}.u-legend th,.u-legend td{border:0;padding:1px 4px;text-align:left;min-width:0}
.u-legend .u-marker{border-width:3px!important}
@media (max-width:600px){body{padding:20px 14px 40px}.ridge{grid-template-columns:84px 1fr 46px;column-gap:6px}.ridge .minor{display:none}}
@media print{body{padding:0;max-width:none;font-size:11pt}.plots{grid-template-columns:1fr 1fr}details{display:none}}
`;
