// How a report looks: on a phone and a screen, by day and by night, and on paper.
#pragma once

namespace ebb::churn {

/// CSS. Colours are custom properties; against --paper, texts have a contrast of 4.5 at least and
/// marks of 3 (WCAG 2.2, 1.4.3 and 1.4.11). Marks also differ in dashes and places, not in colour
/// alone. Widths are the screen's: nothing but a table scrolls sideways.
inline constexpr const char* kStyle = R"(:root {
  --paper: #ffffff; --ink: #1b1f24; --muted: #57606a; --grid: #d8dee4; --panel: #f6f8fa;
  --mark1: #0b5cad; --mark2: #b3470c; --mark3: #1a7f37; --neutral: #6e7781;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --ink: #e6edf3; --muted: #9da7b3; --grid: #30363d; --panel: #1f2429;
    --mark1: #6cb6ff; --mark2: #f0a05a; --mark3: #57c270; --neutral: #8b949e;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", "PingFang SC",
    "Microsoft YaHei", sans-serif;
}
main { max-width: 66rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 2.25rem 0 0.75rem; }
h1, h2, p, li, dd, caption, th, td { overflow-wrap: anywhere; }
thead th { overflow-wrap: normal; }
p, ul { margin: 0 0 0.75rem; max-width: 46rem; }
ul { padding-left: 1.25rem; }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 0 1rem; max-width: none; }
a { color: var(--mark1); display: inline-block; padding: 0.25rem 0; }
.summary { background: var(--panel); border-left: 0.25rem solid var(--mark1); padding: 1rem 1rem 0.25rem; }
section.summary h2 { margin-top: 0; }
.tiles { display: grid; gap: 0.75rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(9rem, 100%), 1fr)); }
.tiles div { background: var(--panel); padding: 0.75rem; }
.tiles dt { color: var(--muted); font-size: 0.875rem; }
.tiles dd { margin: 0; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.plots { display: grid; gap: 1.25rem;
  grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); }
figure { margin: 0 0 0.75rem; max-width: 34rem; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 12px; fill: var(--ink); }
svg .muted { fill: var(--muted); }
svg .name { font-weight: 600; font-size: 13px; }
.grid { stroke: var(--grid); stroke-width: 1; }
.axis { stroke: var(--neutral); stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.mark1.line, .mark1.whisker { stroke: var(--mark1); }
.mark2.line, .mark2.whisker { stroke: var(--mark2); stroke-dasharray: 7 3; }
.mark3.line, .mark3.whisker { stroke: var(--mark3); stroke-dasharray: 2 3; }
.neutral.line { stroke: var(--neutral); stroke-width: 1.5; stroke-dasharray: 4 4; }
.mark1.fill { fill: var(--mark1); }
.mark2.fill { fill: var(--mark2); }
.mark3.fill { fill: var(--mark3); }
.neutral.fill { fill: var(--neutral); }
.whisker { stroke-width: 1.5; stroke-dasharray: none; }
svg .error { stroke: var(--ink); stroke-width: 1.5; }
.scroll { overflow-x: auto; margin: 0 0 1rem; }
table { border-collapse: collapse; font-size: 0.9375rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding: 0.25rem 0; }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--grid); }
thead th { border-bottom: 2px solid var(--neutral); vertical-align: bottom; }
tbody th { font-weight: 400; min-width: 9rem; }
caption { min-width: 16rem; }
td { min-width: 3.5rem; }
.numbers th:not(:first-child), .numbers td { text-align: right; }
.numbers td { white-space: nowrap; }
.words-last th:last-child, .words-last td:last-child { text-align: left; white-space: normal; min-width: 12rem; }
footer { color: var(--muted); margin-top: 2rem; }
@media print {
  @page { margin: 1.5cm; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  nav { display: none; }
  figure, tr, .tiles, .summary { break-inside: avoid; }
  h2, caption { break-after: avoid; }
  .scroll { overflow: visible; }
  .plots { grid-template-columns: 1fr 1fr; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)";

}  // namespace ebb::churn
