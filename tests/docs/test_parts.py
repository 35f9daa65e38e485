"""What is written from the tree says what the tree has; and the package is imported within its budget."""

from __future__ import annotations

import ast

import pytest


def test_each_error_is_there_with_what_to_do() -> None:
    from site_parts import errors

    text = errors.errors()
    assert {f"### {kind.__name__}" for kind in errors._classes()} <= set(text.splitlines())
    assert set(errors.TO_DO) == {kind.__name__ for kind in errors._classes()}


def test_messages_are_those_of_the_sources() -> None:
    from site_parts import messages

    said = list(messages.messages())
    assert len(said) > 500
    assert {each.area for each in said} == set(messages.AREAS)
    assert "The map … has no distances." in {each.text for each in said}


def test_each_message_says_what_to_do() -> None:
    """But where somebody asked for it: the work was cancelled."""
    from site_parts import messages

    said = list(messages.messages())
    assert {each.kind for each in said if not each.advice} == {"Cancelled"}
    # Where the words are those of another error, or of whoever calls.
    assert {each.text for each in said if each.advice == "…"} == {
        "Looks like …, but cannot be read: …",
        "Looks like …, but is nested too deeply.",
        "The answer of … cannot be read: …",
        "… is not reached at any of …: …",
        "… needs … of memory, and … are allowed.",
    }
    table = messages.table()
    assert "| Nothing: somebody cancelled" in table
    assert "Did you mean …? Or: There are …." in table, "both that may be said"
    kinds = next(line for line in table.splitlines() if line.startswith("| … is a …. |"))
    assert "SourceCatalog" in kinds, "a constant"


def test_an_advice_that_may_be_empty_is_none() -> None:
    from site_parts import messages
    from site_parts.tree import ROOT

    words = messages._Words(ROOT / "skyexplorer/errors.py")
    words.tree = ast.parse("a = 'x' if y else ''\nb = 'one'\nb = b + 'two'\nc = SOME\nd = f(1)")
    found = {name: words.of(ast.Name(name)) for name in "abcd"}
    assert found == {"a": "", "b": "one Or: …two", "c": "…", "d": "…"}


def test_each_key_that_is_listened_to_is_told() -> None:
    """In the list that ``?`` opens, which is the page too."""
    from site_parts import keys

    untold = {module: sorted(each - keys.told()) for module, each in keys.listened().items()}
    assert not {module: each for module, each in untold.items() if each}
    assert all(f"<kbd>{key}</kbd>" in keys.keyboard() for key in keys.told())


def test_each_verb_of_the_command_is_told() -> None:
    from site_parts import commands

    text = commands.command_line()
    assert all(f"## `skyexplorer {verb}`" in text for verb in ("lab", "warm", "doctor"))


def test_changes_are_gathered() -> None:
    from site_parts import changes

    text = changes.changelog()
    assert text.index("### The view") < text.index("### First light")


def test_a_part_that_is_not_known_is_an_error() -> None:
    import site_parts

    with pytest.raises(KeyError):
        site_parts.filled("<!-- part: nothing -->")


def test_the_import_keeps_to_its_budget() -> None:
    """The best of five, of the processor's time: what the machine does beside it is not the package's."""
    from site_parts import commands

    line = "import time; begun = time.process_time(); import skyexplorer; print(time.process_time() - begun)"
    best = min(float(commands.printed("-c", line)) for _ in range(5)) * 1000
    assert 0 < best < commands.BUDGET_MS


def test_figures_are_those_that_are_computed() -> None:
    import figures

    for name, make in figures.FIGURES.items():
        assert (figures.OUT / f"{name}.svg").read_text("utf-8") == make(), "python docs/figures.py"
