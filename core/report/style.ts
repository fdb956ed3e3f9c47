const PALETTE_LIGHT = ["#4b5563", "#0b66b0", "#b4530a", "#047857", "#a03a78", "#0e7490", "#846200", "#5b45b8"];
const PALETTE_DARK = ["#a9b4c0", "#5fb3f0", "#f2995a", "#34c79a", "#ea96c6", "#6fd3e3", "#e3c552", "#b3a6fb"];

const variables = (colours: readonly string[]): string => colours.map((c, i) => `--c${i}:${c}`).join(";");
const classes = PALETTE_LIGHT.map(
  (_, i) => `.mark.c${i},.bar.c${i}{fill:var(--c${i})}.whisker.c${i},.series.c${i}{stroke:var(--c${i})}`,
).join("\n");

const LIGHT = `color-scheme:light;--page:#f6f7f8;--card:#fff;--line:#e2e5e9;--soft:#f1f3f5;--text:#16191d;--muted:#566070;--accent:#0b66b0;--good:#04693f;--bad:#a8261b;--info-back:#eef5fc;--good-back:#ecf8f1;--warning-back:#fff6e5;--warning:#7a4b00;--best-back:#e8f5ee;${variables(PALETTE_LIGHT)}`;
const DARK = `color-scheme:dark;--page:#0e1116;--card:#161b22;--line:#2b323c;--soft:#1d232c;--text:#e8ebef;--muted:#9ba7b5;--accent:#5fb3f0;--good:#5fd39f;--bad:#ff9d92;--info-back:#13212f;--good-back:#11261d;--warning-back:#2b2211;--warning:#f0c274;--best-back:#14291f;${variables(PALETTE_DARK)}`;

/** The whole style sheet of a report. The page's security policy allows exactly this text. */
export const STYLE = `
:root{${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--text);font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
main,header.top{max-width:1180px;margin:0 auto;padding:0 24px}
header.top{padding-top:32px}
h1{font-size:26px;line-height:1.2;margin:0;letter-spacing:-.015em;font-weight:650;overflow-wrap:anywhere}
.subtitle{margin:6px 0 0;color:var(--muted);overflow-wrap:anywhere;max-width:90ch}
.at{color:var(--muted);font-size:12.5px;margin:2px 0 0}
nav{margin:18px 0 0;border-bottom:1px solid var(--line);padding-bottom:10px;font-size:13px}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:0;padding:0}
a{color:var(--accent);text-decoration:none;overflow-wrap:anywhere}
a:hover{text-decoration:underline}
nav a{display:inline-block;padding:3px 0;min-height:24px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
h2{font-size:18px;line-height:1.3;margin:34px 0 12px;font-weight:650;letter-spacing:-.01em;overflow-wrap:anywhere}
h3{font-size:14.5px;line-height:1.35;margin:22px 0 10px;font-weight:650;overflow-wrap:anywhere}
h2 .swatch,h3 .swatch{width:14px;height:14px;margin-right:8px;vertical-align:-1px}
p{margin:8px 0;max-width:85ch;overflow-wrap:anywhere}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:12px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,200px),1fr));gap:12px;margin:18px 0 12px}
.tile{padding:14px 16px;margin:0;display:flex;flex-direction:column;gap:1px}
.tile .name{color:var(--muted);font-size:12.5px}
.tile .number{font-size:25px;line-height:1.25;font-weight:650;letter-spacing:-.02em}
.tile .note{color:var(--muted);font-size:12.5px}
.tile .number.good,.tile .number.best{color:var(--good)}.tile .number.bad{color:var(--bad)}
.callout{padding:10px 14px;border-left-width:3px;max-width:none;display:flex;gap:10px}
.callout p{margin:0;max-width:95ch}
.callout strong{flex:none;font-weight:650}
.callout.info{background:var(--info-back);border-left-color:var(--accent)}.callout.info strong{color:var(--accent)}
.callout.good{background:var(--good-back);border-left-color:var(--good)}.callout.good strong{color:var(--good)}
.callout.warning{background:var(--warning-back);border-left-color:var(--warning)}.callout.warning strong{color:var(--warning)}
dl.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,250px),1fr));gap:10px 24px;padding:14px 16px}
dl.facts div{min-width:0}
dt{color:var(--muted);font-size:12.5px}
dd{margin:0;overflow-wrap:anywhere}
.tablecard{overflow:hidden}
.tablecard>summary,.tabletitle{padding:10px 16px;font-weight:600;font-size:13.5px;text-align:start}
summary{cursor:pointer;min-height:24px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px}
caption{text-align:start}
th,td{padding:7px 12px;text-align:start;vertical-align:top;white-space:nowrap;border-top:1px solid var(--line)}
th:first-child{padding-left:16px}td:last-child,th:last-child{padding-right:16px}
thead th{color:var(--muted);font-weight:550;font-size:12.5px;vertical-align:bottom;background:var(--soft);border-top:1px solid var(--line)}
thead th .unit{display:block;font-weight:400;font-size:11.5px}
tbody th{font-weight:550;max-width:300px;overflow:hidden;text-overflow:ellipsis;background:var(--card);position:sticky;left:0}
thead th:first-child{position:sticky;left:0}
.end{text-align:end}
td .note,th .note{display:block;color:var(--muted);font-size:11.5px;font-weight:400;line-height:1.35}
td.good,td.good .sign{color:var(--good)}td.bad,td.bad .sign{color:var(--bad)}
td.best{background:var(--best-back);font-weight:650}
td .sign{font-size:10px;margin-right:4px}
.swatch{display:inline-block;width:12px;height:12px;vertical-align:-1px;margin-right:7px;overflow:visible}
th .swatch~.note{padding-left:19px}
tbody tr:hover th,tbody tr:hover td:not(.best){background:var(--soft)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:12px;margin:12px 0;align-items:start}
.charts .chart{margin:0}
.chart{padding:12px 16px 8px;min-width:0}
figcaption{font-weight:600;font-size:13.5px;margin-bottom:8px;overflow-wrap:anywhere}
.drawing{overflow-x:auto}
svg{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums}
.drawing svg{display:block;width:100%;min-width:440px;max-width:680px;height:auto;margin:0 auto}
svg text{fill:var(--text)}
svg .tick{fill:var(--muted);font-size:11px}svg .axis{fill:var(--muted);font-size:11.5px}
svg .value{font-weight:600;font-size:12px}
.halo{paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}
.grid{stroke:var(--line);stroke-width:1}
.mark{fill:var(--accent);stroke:var(--card);stroke-width:1.2}
.bar{fill:var(--accent)}
.whisker{stroke:var(--accent);stroke-width:1.6}
.whisker.over{stroke:var(--text);stroke-width:1.3}
.series{fill:none;stroke:var(--accent);stroke-width:1.8;stroke-linejoin:round}
${classes}
.front{fill:none;stroke:var(--muted);stroke-width:1.4;stroke-dasharray:5 4}
.leader{stroke:var(--muted);stroke-width:.8}
.reference{stroke:var(--text);stroke-width:1.2;stroke-dasharray:4 3;opacity:.75}
details.data{margin-top:4px;font-size:12.5px}
details.data th,details.data td{padding:5px 8px}details.data th:first-child{padding-left:16px}
details.data summary{color:var(--muted);padding:2px 0}
details.data .scroll{max-height:320px;overflow:auto;margin:6px -16px -8px;border-top:1px solid var(--line)}
pre{margin:0;padding:12px 16px;overflow-x:auto;font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
footer{max-width:1180px;margin:36px auto 0;padding:14px 24px 32px;color:var(--muted);font-size:12.5px;border-top:1px solid var(--line)}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
caption.sr{display:block}
@media (max-width:640px){main,header.top,footer{padding-left:14px;padding-right:14px}h1{font-size:22px}tbody th{max-width:150px}}
@media (forced-colors:active){.mark,.bar{fill:CanvasText}.series,.whisker,.front,.reference{stroke:CanvasText}svg text{fill:CanvasText}}
@media print{:root{${LIGHT};--page:#fff}body{font-size:11px}main,header.top,footer{max-width:none;padding-left:0;padding-right:0}nav,details.data{display:none}.card,tr,.tile{break-inside:avoid}.tablecard{break-inside:auto}h2,h3{break-after:avoid}.scroll{overflow:visible}th,td{padding:4px 6px;white-space:normal}.charts{grid-template-columns:1fr 1fr}.drawing svg{min-width:0}tbody th,thead th:first-child{position:static}}
`;
