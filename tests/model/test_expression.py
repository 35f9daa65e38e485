"""Expressions: as numpy would compute them, missing values left out, and nothing run that is no formula."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, QTable, Table
from hypothesis import given, settings
from hypothesis import strategies as st

from skyexplorer.errors import InputError
from skyexplorer.model.expression import FUNCTIONS, Expression
from skyexplorer.model.texts import Texts

N = 7
numbers = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.just(float("nan")), st.integers(-5, 5).map(float)),
    min_size=N,
    max_size=N,
)


def same(one, other) -> bool:
    return np.array_equal(np.asarray(one, float), np.asarray(other, float), equal_nan=True)


# Pairs of a formula and what numpy makes of it, grown from columns a, b, c.
leaves = st.sampled_from([(name, lambda t, name=name: t[name]) for name in "abc"]) | st.integers(-3, 9).map(
    lambda k: (f"({k})", lambda t, k=k: np.full(N, float(k)))
)


def grown(inner):
    pair = st.tuples(inner, inner)
    binary = st.sampled_from(
        [
            ("+", np.add),
            ("-", np.subtract),
            ("*", np.multiply),
            ("/", np.divide),
            ("**", np.power),
            ("%", np.mod),
        ]
    )
    single = st.sampled_from(["log10", "sqrt", "abs", "sin", "exp", "log"])
    return st.one_of(
        st.tuples(pair, binary).map(
            lambda x: (
                f"({x[0][0][0]} {x[1][0]} {x[0][1][0]})",
                lambda t: x[1][1](x[0][0][1](t), x[0][1][1](t)),
            )
        ),
        st.tuples(inner, single).map(
            lambda x: (f"{x[1]}({x[0][0]})", lambda t: getattr(np, x[1])(x[0][1](t)))
        ),
        pair.map(lambda x: (f"min({x[0][0]}, {x[1][0]})", lambda t: np.minimum(x[0][1](t), x[1][1](t)))),
        inner.map(lambda x: (f"(-{x[0]})", lambda t: -x[1](t))),
    )


formulas = st.recursive(leaves, grown, max_leaves=8)
SIGNS = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal}


@settings(max_examples=60, deadline=None)
@given(formulas, formulas, formulas, st.sampled_from(list(SIGNS)), numbers, numbers, numbers)
def test_it_is_what_numpy_computes(one, two, three, sign, a, b, c):
    table = Table({"a": a, "b": b, "c": c})
    arrays = {name: np.array(table[name]) for name in "abc"}
    with np.errstate(all="ignore"):
        x, y, z = (formula[1](arrays) for formula in (one, two, three))
        assert same(Expression(one[0]).evaluate(table), x)
        decided = SIGNS[sign](x, y)
        assert same(Expression(f"{one[0]} {sign} {two[0]}").evaluate(table), decided)
        assert same(Expression(f"{one[0]} {sign} {two[0]} <= {three[0]}").evaluate(table), decided & (y <= z))
        both = Expression(
            f"not ({one[0]} {sign} {two[0]}) and ({two[0]} > {three[0]} or {one[0]} != {one[0]})"
        )
        assert same(both.evaluate(table), ~decided & (y > z))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_formula_or_refused(text):
    try:
        expression = Expression(text)
        expression.evaluate(Table({"a": [1.0], "b": ["x"]}))
    except InputError:
        pass


@pytest.fixture
def table() -> Table:
    return Table(
        {
            "flux": MaskedColumn([1.0, 2.0, 3.0, 4.0], mask=[False, False, True, False], unit="1 / (cm2 s)"),
            "CLASS1": MaskedColumn(["bll", "fsrq  ", "bll", ""], mask=[False, False, False, True]),
            "ASSOC1": np.array([b"TXS 0506+056", b"3C 279", b"", b"Crab"]),
            "B-V": np.array([0.1, np.nan, 0.7, 1.0], "f4"),
            "id": np.array([2**60, 2**60 + 1, 3, 4]),
            "history": np.arange(8.0).reshape(4, 2),
            "other": np.array([2**60, 2**60, 3, 4]),
            "low": np.array([-(2**60), -(2**60) - 1, 3, 4]),
            "good": [True, False, True, True],
            "sure": MaskedColumn([True, False, True, False], mask=[False, False, True, True]),
            "what": np.array([object()] * 4),
        }
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("flux > 1", [0, 1, 0, 1]),
        ("flux != 1", [0, 1, 0, 1]),
        ("not flux > 1", [1, 0, 1, 0]),
        ("isfinite(flux)", [1, 1, 0, 1]),
        ('CLASS1 == "bll"', [1, 0, 1, 0]),
        ('CLASS1 == "fsrq"', [0, 1, 0, 0]),
        ('CLASS1 != "bll"', [0, 1, 0, 0]),
        ('CLASS1 == ""', [0, 0, 0, 1]),
        ('CLASS1 in ("bll", "fsrq")', [1, 1, 1, 0]),
        ('CLASS1 not in ["bll"]', [0, 1, 0, 0]),
        ('CLASS1 in ("bll", "")', [1, 0, 1, 1]),
        ('"TXS" not in ASSOC1', [0, 1, 0, 1]),
        ('ASSOC1 in "3C 279 and others"', [0, 1, 0, 0]),
        ("flux not in (1, 2)", [0, 0, 0, 1]),
        ("`B-V` not in (0, 1)", [1, 0, 1, 0]),
        ("sure == False", [0, 1, 0, 0]),
        ("sure != good", [0, 0, 0, 0]),
        ("sure not in (True, True)", [0, 1, 0, 0]),
        (f"{2**60 + 1} == id", [0, 1, 0, 0]),
        (f"{2**60} < id <= {2**60 + 1}", [0, 1, 0, 0]),
        (f"id > {2**60}", [0, 1, 0, 0]),
        ("id != other", [0, 1, 0, 0]),
        (f"-{2**60 + 1} == low", [0, 1, 0, 0]),
        (f"id < {2**70} and id > -{2**70}", [1, 1, 1, 1]),
        ("CLASS1 != 'a`b`c'", [1, 1, 1, 0]),
        ('"TXS" in ASSOC1 or "Crab" == ASSOC1', [1, 0, 0, 1]),
        ("id in (3, 4)", [0, 0, 1, 1]),
        (f"id == {2**60 + 1}", [0, 1, 0, 0]),
        ("`B-V` > 0.5 and good", [0, 0, 1, 1]),
        ("(flux > 1) & ~(flux > 3)", [0, 1, 0, 0]),
        ("0 < flux <= 2", [1, 1, 0, 0]),
        ("history[1] > 2 and history[-1] < 6", [0, 1, 1, 0]),
        ("flux / max(flux) == 1", [0, 0, 0, 1]),
        ("where(good, flux, -1) < 0", [0, 1, 0, 0]),
        ("(1 if good else 0) == 1", [1, 0, 1, 1]),
        ("hypot(3, 4) == 5 and cos(pi) < 0", [1, 1, 1, 1]),
    ],
)
def test_missing_values_texts_and_names(table, text, wanted):
    found = Expression(text).evaluate(table)
    assert found.dtype == bool
    assert found.tolist() == [bool(x) for x in wanted]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("flx > 1", "Did you mean flux"),
        ("class1 == 'bll'", "Did you mean CLASS1"),
        ("zzz > 1", "columns are flux"),
        ("lgo10(flux)", "log10"),
        ("CLASS1 > 3", "quotes"),
        ("CLASS1 + 1", "number is needed"),
        ("flux > 1 & flux < 2", "brackets"),
        ("not flux", "neither yes nor no"),
        ("history > 1", "several values"),
        ("history[2] > 1", "counted from 0"),
        ("what > 1", "neither numbers nor texts"),
        ("log10(flux, 2)", "takes 1"),
        ("min()", "takes 1 to 20"),
        ("flux +", "no expression"),
        (f"CLASS1 == '{'x' * 201}'", "201 characters"),
        ("1 + (" * 31 + "flux" + ")" * 31, "nested"),
        ("", "no expression"),
        ("a" * 3000, "characters"),
        ("10 ** 400 + " + "9" * 400, "cannot be computed"),
    ],
)
def test_what_is_wrong_is_told(table, text, says):
    with pytest.raises(InputError, match=says):
        Expression(text).evaluate(table)


@pytest.mark.parametrize(
    "text",
    [
        "flux.__class__", "__import__('os').system('x')", "(lambda: 1)()", "[x for x in flux]", "open('x')", "exec('1')",
        "flux[flux]", "flux[0:2]", "f'{flux}'", "(x := 1)", "{1: 2}", "flux @ flux", "getattr(flux, 'sum')", "log10(*flux)",
        "(" * 300 + "1" + ")" * 300, "(1, 2)", "None", "flux is flux", "1 << 3", "await flux",
    ],
)  # fmt: skip
def test_nothing_else_is_run(table, text):
    with pytest.raises(InputError):
        Expression(text).evaluate(table)


def test_the_columns_are_those_that_are_needed(table):
    assert Expression("log10(flux) + `B-V` * flux - pi").columns == ("flux", "B-V")
    assert Expression.of("B-V", table.colnames).columns == ("B-V",)
    assert same(Expression.of("B-V", table.colnames).evaluate(table), table["B-V"])
    assert Expression.of("flux", table.colnames) == Expression("flux")
    assert Expression("flux > 1").decides
    assert not Expression("flux + 1").decides


def test_values_are_the_numbers_of_the_column():
    table = QTable({"r": [1.0, 2.0] * u.kpc})
    assert Expression("r * 2").evaluate(table).tolist() == [2.0, 4.0]
    assert Expression("3").evaluate(table).tolist() == [3.0, 3.0]


def test_no_function_is_there_that_is_not_told():
    assert set(FUNCTIONS) >= {"log10", "log", "exp", "sqrt", "abs", "min", "max", "isfinite", "hypot"}


def test_texts_are_words_and_numbers_of_them():
    masked = MaskedColumn(["bll ", "psr", " bll", "x"], mask=[False, False, False, True])
    texts = Texts.of(masked)
    assert texts.rows.tolist() == ["bll", "psr", "bll", ""]
    assert sorted(texts.words.tolist()) == ["", "bll", "psr"], "blanks make no other word"
    assert Texts.of(np.array(["\u03b1", None, b"\xce\xb1"], object)).rows.tolist() == ["\u03b1", "", "\u03b1"]
    assert Texts.of(np.array([b"\xff", b"a"])).rows.tolist() == ["\ufffd", "a"]
    assert Texts.of(np.array(["a", "b"]).astype(">U1")).rows.tolist() == ["a", "b"]
    assert len(Texts.of(["a", "a"]).words) == 1
