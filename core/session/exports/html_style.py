"""How the exported page looks. Colours follow the reader's own preference for dark or light."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ground:#ffffff; --raised:#f4f6f9; --line:#d5dbe3; --text:#161b22;
  --muted:#57606a; --client:#0072b2; --order:#8a5a00; --result:#007a5a; --answer:#9a3d7a; --bad:#b3261e;
  --ok:#00704f; --warn:#8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ground:#0b0e14; --raised:#151a23; --line:#2b3340;
  --text:#e8ecf2; --muted:#9aa5b4; --client:#56b4e9; --order:#e69f00; --result:#2fc49a; --answer:#e08fc0;
  --bad:#ff7a66; --ok:#2fc49a; --warn:#f0e442; } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1200px; padding: 32px 24px 64px; background: var(--ground);
  color: var(--text); font: 15px/1.5 Inter, system-ui, "Segoe UI", sans-serif }
h1 { font-size: 26px; margin: 0 0 4px } h2 { font-size: 18px; margin: 40px 0 8px }
p { margin: 4px 0 12px; max-width: 76ch } .muted { color: var(--muted) }
.verdict { display: inline-block; padding: 3px 12px; border-radius: 6px; font-weight: 600;
  border: 1.5px solid currentColor }
.valid { color: var(--ok) } .invalid { color: var(--bad) } .unknown { color: var(--warn) }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0 }
.figures div { background: var(--raised); border: 1px solid var(--line); border-radius: 8px;
  padding: 10px 16px; min-width: 130px }
.figures b { display: block; font-size: 20px; font-variant-numeric: tabular-nums }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: 5px 18px 5px 0; border-bottom: 1px solid var(--line);
  vertical-align: top }
th { color: var(--muted); font-weight: 500 } td.number, th.number { text-align: right }
.wide { overflow-x: auto } svg { display: block }
svg text { font: 11px Inter, system-ui, sans-serif; fill: var(--muted) }
svg .name { font-weight: 600; font-size: 12px; fill: var(--text) }
svg .lane, svg .grid { stroke: var(--line) } svg .area { fill: var(--client); opacity: .35 }
svg .edge { stroke-width: 1.2; opacity: .75; fill: none }
svg .call { stroke: var(--client) } svg .order { stroke: var(--order) }
svg .result { stroke: var(--result) } svg .answer { stroke: var(--answer) }
svg .dot { fill: var(--text) } svg .execution { fill: var(--result) }
svg .mark { stroke: var(--bad); stroke-width: 1.5 } svg .mark-text { fill: var(--bad) }
.key span { display: inline-block; margin-right: 18px } .key i { display: inline-block; width: 18px;
  height: 3px; vertical-align: middle; margin-right: 6px }
"""
