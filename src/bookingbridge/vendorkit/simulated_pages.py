"""Pages a person meets at a simulated vendor: consent, booking, payment. Plain, labelled, and clearly not real."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

_STYLE = """
:root{color-scheme:light dark;
  --ink:#1d2330;--soft:#5d6678;--ground:#f4f5f7;--card:#fff;--line:#d9dde4;--act:#1f4fd8}
@media (prefers-color-scheme:dark){
  :root{--ink:#eef1f6;--soft:#a3adbf;--ground:#12151b;--card:#1b2029;--line:#333b49;--act:#7ea2ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
.notice{background:#7a4b00;color:#fff;text-align:center;padding:.4rem 1rem;font-size:.875rem}
main{max-width:34rem;margin:2rem auto;background:var(--card);border:1px solid var(--line);
  border-radius:14px;padding:1.75rem}
h1{font-size:1.4rem;margin:0 0 .5rem}
p.soft,li small{color:var(--soft)}
ul{padding-left:1.1rem}
li{margin:.3rem 0;overflow-wrap:anywhere}
@media (max-width:36rem){main{margin:1rem}}
label{display:block;margin:.9rem 0 .25rem;font-weight:600}
input,select{width:100%;padding:.6rem .7rem;font:inherit;color:inherit;background:var(--ground);
  border:1px solid var(--line);border-radius:9px}
.acts{display:flex;gap:.75rem;margin-top:1.5rem;flex-wrap:wrap}
button,a.button{font:inherit;font-weight:600;padding:.65rem 1.2rem;border-radius:9px;color:inherit;cursor:pointer;
  border:1px solid var(--line);background:transparent;text-decoration:none}
button.main,a.main{background:var(--act);border-color:var(--act);color:var(--card)}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
.error{border-left:4px solid #c62828;padding:.4rem .8rem;margin:1rem 0}
dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1rem}
dt{color:var(--soft)}
dd{margin:0}
"""


def page(*, vendor: str, title: str, body: str, status: int = 200) -> HTMLResponse:
    """A whole page. `body` is HTML already; `title` and `vendor` are text."""
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body>"
        f'<div class="notice" role="note">Simulated {escape(vendor)}: nothing here is real, no money moves.</div>'
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>",
        status_code=status,
    )


def hidden(**fields: str) -> str:
    """Hidden inputs for a form."""
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )


def field(
    name: str, label: str, *, kind: str = "text", value: str = "", autocomplete: str = "", required: bool = True
) -> str:
    """A labelled input."""
    extra = f' autocomplete="{escape(autocomplete)}"' if autocomplete else ""
    extra += " required" if required else ""
    return (
        f'<label for="{escape(name)}">{escape(label)}</label>'
        f'<input id="{escape(name)}" name="{escape(name)}" type="{escape(kind)}" value="{escape(value)}"{extra}>'
    )
