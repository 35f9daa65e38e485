"""The messages of all errors, read from the sources: what each says, and what it tells to do. Values are dots."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from site_parts.errors import TO_DO
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


class _Words:
    """Reads the words of expressions in one file of the package; dots stand for what is only known as it runs."""

    def __init__(self, path: Path) -> None:
        self.tree = ast.parse(path.read_text("utf-8"))
        parts = path.relative_to(ROOT).with_suffix("").parts
        self._looking: set[str] = set()  # names that are being followed: one may be made of itself
        self._module = ".".join(parts).removesuffix(".__init__")
        self._around = {
            node: function
            for function in ast.walk(self.tree)
            if isinstance(function, ast.FunctionDef)
            for node in ast.walk(function)
        }

    def of(self, node: ast.expr | None) -> str:
        """Those of a text; of one that is chosen, all that may be; empty where there is none."""
        match node:
            case None:
                return ""
            case ast.Constant(value=str(value)):
                return value
            case ast.JoinedStr(values=parts):
                return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.of(left) + self.of(right)
            case ast.IfExp(body=body, orelse=other):
                return _either([self.of(body), self.of(other)])
            case ast.Call(func=ast.Name(id="_"), args=[said, *_]):
                return self.of(said)
            case ast.Call(func=ast.Attribute(value=said, attr="format")):
                return self.of(said)
            case ast.Name(id=name) if name.strip("_").isupper():
                return self._constant(import_module(self._module), name)
            case ast.Attribute(value=ast.Name(id=module), attr=name) if name.isupper():
                return self._constant(getattr(import_module(self._module), module, None), name)
            case ast.Name(id=name) if name not in self._looking:
                self._looking.add(name)
                try:
                    return self._assigned(name, self._around.get(node))
                finally:
                    self._looking.remove(name)
        return "…"

    @staticmethod
    def _constant(holder: object, name: str) -> str:
        value = getattr(holder, name, None)
        return value if isinstance(value, str) else "…"

    def _assigned(self, name: str, function: ast.FunctionDef | None) -> str:
        values = [
            node.value
            for node in ast.walk(function or self.tree)
            if isinstance(node, ast.Assign)
            and [target.id for target in node.targets if isinstance(target, ast.Name)] == [name]
        ]
        return _either([self.of(value) for value in values]) if values else "…"


def _either(texts: list[str]) -> str:
    """All that may be said; nothing where one of it is nothing, as a reader may meet that."""
    return " Or: ".join(dict.fromkeys(texts)) if all(texts) else ""


def messages() -> Iterator[Message]:
    """Those of the package whose words stand where they are raised."""
    for path in sorted((ROOT / "skyexplorer").rglob("*.py")):
        floor = path.relative_to(ROOT / "skyexplorer").parts[0]
        area = floor if floor in AREAS else ""
        words = _Words(path)
        for node in ast.walk(words.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
                continue
            kind = getattr(tree, node.func.id, None)
            if not (isinstance(kind, type) and issubclass(kind, tree.SkyExplorerError)):
                continue
            named = next((word.value for word in node.keywords if word.arg == "advice"), None)
            advice = words.of(node.args[1] if len(node.args) > 1 else named)
            text = words.of(node.args[0])
            if any(part.isalpha() for part in text.split()):
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
            f"| {_cell(each.text)} | {_cell(each.advice or TO_DO[each.kind])} "
            f"| [{each.kind}](errors.md#{each.kind.lower()}) |"
            for each in known
            if each.area == area
        ]
        parts.append("\n".join([f"## {title}\n", "| it says | do | error |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)
