"""The messages of all errors, read from the sources: what each says, and what it tells to do. Values are dots."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from site_parts.tree import ROOT
from skyexplorer import errors as tree

AREAS = {
    "io": "Reading files",
    "model": "Maps, regions, events, sources, light curves",
    "core": "Numbers",
    "session": "Layers, layout, selection, steps",
    "actions": "Verbs",
    "services": "Services",
    "alerts": "Events by name",
    "net": "The network",
    "scale": "Larger than memory",
    "": "Elsewhere",
}


@dataclass(frozen=True, order=True)
class Message:
    """One place where an error is made."""

    area: str
    kind: str
    text: str
    advice: str


def _text(node: ast.expr | None) -> str:
    """The words of a text, with dots for what is put in; empty where there are none."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return (_text(left) or "…") + (_text(right) or "…")
        case ast.Call(func=ast.Name(id="_"), args=[said, *_]):
            return _text(said)
        case ast.Call(func=ast.Attribute(value=said, attr="format")):
            return _text(said)
    return ""


def messages() -> Iterator[Message]:
    """Those of the package whose words stand where they are raised."""
    for path in sorted((ROOT / "skyexplorer").rglob("*.py")):
        floor = path.relative_to(ROOT / "skyexplorer").parts[0]
        area = floor if floor in AREAS else ""
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
                continue
            kind = getattr(tree, node.func.id, None)
            if not (isinstance(kind, type) and issubclass(kind, tree.SkyExplorerError)):
                continue
            named = next((word.value for word in node.keywords if word.arg == "advice"), None)
            advice = _text(node.args[1] if len(node.args) > 1 else named)
            text = _text(node.args[0])
            if sum(part.isalpha() for part in text.split()) >= 1:
                yield Message(area, node.func.id, text, advice)


def _cell(text: str) -> str:
    """Words as they are: nothing in them is markup."""
    for sign in "\\`*_[]<>{}|$":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def table(_: str = "") -> str:
    """A table for each part of the package."""
    known = sorted(set(messages()), key=lambda each: (each.text.casefold(), each))
    parts = []
    for area, title in AREAS.items():
        rows = [
            f"| {_cell(each.text)} | {_cell(each.advice)} | [{each.kind}](errors.md#{each.kind.lower()}) |"
            for each in known
            if each.area == area
        ]
        parts.append("\n".join([f"## {title}\n", "| it says | do | error |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)
