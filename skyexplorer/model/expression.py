"""Expression: a formula of a table's columns, such as ``Signif_Avg > 20 and log10(flux) < -9``.

The text is read by Python's own parser and then walked by hand: only numbers, texts, names of columns, the operators
and the functions of `FUNCTIONS` are known. There are no attributes, no calls of anything else, and nothing is run, so
that a formula may come from anywhere. Values are the column's numbers, in the column's unit.
"""

from __future__ import annotations

import ast
import difflib
import keyword
import operator
import re
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

import numpy as np

from skyexplorer.errors import InputError
from skyexplorer.model.texts import Texts, decoded

LONGEST = 2000
"""Characters of a formula."""

LONGEST_TEXT = 200
"""Characters of a text in it: it may come to stand in every row."""
HELD = 30
"""Intermediate columns that a formula may hold at a time."""

# A text, in which a backtick is one; or a name in backticks.
_QUOTED = re.compile(r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|`([^`]+)`""")
_PLACE = "column_{}_of_text"  # stands for a quoted name while Python's parser reads the text
_SAY = (
    "Write, for example, Signif_Avg > 20 and log10(flux) < -9; names that are no words stand in `backticks`."
)


def _least(*values: Any) -> Any:
    return np.nanmin(values[0]) if len(values) == 1 else reduce(np.minimum, values)


def _most(*values: Any) -> Any:
    return np.nanmax(values[0]) if len(values) == 1 else reduce(np.maximum, values)


FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    **{
        name: (getattr(np, name), 1, 1)
        for name in (
            *(
                "log10",
                "log",
                "log2",
                "log1p",
                "exp",
                "sqrt",
                "sin",
                "cos",
                "tan",
                "arcsin",
                "arccos",
                "arctan",
            ),
            *("sinh", "cosh", "tanh", "floor", "ceil", "isfinite", "isnan", "degrees", "radians", "sign"),
        )
    },
    **{name: (getattr(np, f"arc{name[1:]}"), 1, 1) for name in ("asin", "acos", "atan")},
    "abs": (np.abs, 1, 1),
    "round": (np.round, 1, 1),
    "hypot": (np.hypot, 2, 2),
    "arctan2": (np.arctan2, 2, 2),
    "atan2": (np.arctan2, 2, 2),
    "min": (_least, 1, 20),
    "max": (_most, 1, 20),
    "where": (np.where, 3, 3),
}
"""Functions by name, each with the least and the largest number of its arguments.

``min`` and ``max`` of one column are its smallest and largest value, of several the smaller and larger in each row.
"""

_NUMBERS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide, ast.Mod: np.mod, ast.Pow: np.power,
}  # fmt: skip
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
_LOGIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.BitAnd: np.logical_and, ast.BitOr: np.logical_or, ast.BitXor: np.logical_xor,
    ast.And: np.logical_and, ast.Or: np.logical_or,
}  # fmt: skip
_CONSTANTS = {"pi": np.pi, "nan": np.nan, "inf": np.inf}


class Expression:
    """A formula of columns, read once and evaluated on any table that has them.

    Arithmetic (``+ - * / // % **``), comparisons, also chained (``0 < z < 0.1``), ``and``, ``or``, ``not``
    (or ``& | ~`` between brackets), ``a if condition else b``, texts (``CLASS1 == "bll"``, ``CLASS1 in ("bll", "fsrq")``,
    ``"TXS" in ASSOC1``), one number of a column of several (``Flux_History[3]``), and the functions of `FUNCTIONS`.
    A name that is no word stands in backticks: ```B-V` > 0.5``. A missing value makes each comparison
    false, ``not in`` too; only ``== ""`` asks for it.

    Parameters
    ----------
    text : str
        The formula.

    Raises
    ------
    InputError
        If it is none: the message says what is wrong with it.

    Attributes
    ----------
    text : str
    columns : tuple of str
        Columns that it needs, in the order in which they stand in it.

    Examples
    --------
    >>> from astropy.table import Table
    >>> from skyexplorer.model.expression import Expression
    >>> table = Table({"flux": [1e-10, 1e-8], "CLASS1": ["bll", "psr"]})
    >>> Expression('log10(flux) < -9 and CLASS1 in ("bll", "fsrq")').evaluate(table).tolist()
    [True, False]
    >>> Expression("2 * flux").columns
    ('flux',)
    """

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or not text.strip():
            raise InputError(f"{text!r} is no expression.", _SAY)
        if len(text) > LONGEST:
            raise InputError(f"The expression is {len(text)} characters long.", f"Up to {LONGEST} are read.")
        self.text = text.strip()
        self._names: dict[str, str] = {}

        def stand_in(found: re.Match[str]) -> str:
            if found[1]:
                return found[1]
            place = _PLACE.format(len(self._names))
            self._names[place] = found[2]
            return place

        try:
            self._tree = ast.parse(_QUOTED.sub(stand_in, self.text), mode="eval").body
            nodes = list(ast.walk(self._tree))
            # A first walk over no rows finds what is not known before any table is there.
            for node in nodes:
                if type(node) not in _EVALUATE and not isinstance(node, _PARTS):
                    raise InputError(
                        f"{self._source(node)} cannot stand in an expression ({self.text}).", _SAY
                    )
                if isinstance(node, ast.Call):
                    _function(node)
                text = getattr(node, "value", "")
                if isinstance(text, str) and len(text) > LONGEST_TEXT:
                    raise InputError(
                        f"A text in the expression is {len(text)} characters long.",
                        f"Up to {LONGEST_TEXT} are read.",
                    )
            if _held(self._tree) > HELD:
                raise InputError(
                    f"The expression {self.text[:80]} is nested too deeply.", "Write it in parts."
                )
        except SyntaxError as error:
            at = f" at {error.text[error.offset - 1 :].strip()[:20]!r}" if error.text and error.offset else ""
            raise InputError(f"{self.text} is no expression{at}: {error.msg}.", _SAY) from error
        except (ValueError, RecursionError, MemoryError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"The expression {self.text[:80]} cannot be read: {error}.", _SAY) from error
        called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        found = [node for node in nodes if isinstance(node, ast.Name) and id(node) not in called]
        found.sort(key=lambda node: (node.lineno, node.col_offset))
        names = dict.fromkeys(self._names.get(node.id, node.id) for node in found)
        self._columns = tuple(names)

    @classmethod
    def of(cls, text: str, columns: Iterable[str]) -> Expression:
        """The expression, where a text that is the name of a column is that column, whatever stands in it.

        Examples
        --------
        >>> from skyexplorer.model.expression import Expression
        >>> Expression.of("B-V", ["B", "V", "B-V"]).columns
        ('B-V',)
        """
        name = text.strip() if isinstance(text, str) else ""
        if (
            name
            and name in set(columns)
            and "`" not in name
            and not (name.isidentifier() and not keyword.iskeyword(name))
        ):
            quoted = cls(f"`{name}`")
            quoted.text = name
            return quoted
        return cls(text)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it needs; ``pi``, ``nan`` and ``inf`` are numbers where a table has no such columns."""
        return tuple(name for name in self._columns if name not in _CONSTANTS)

    @property
    def decides(self) -> bool:
        """Whether it says yes or no of each row, as far as its form tells."""
        node = self._tree
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, ast.Not | ast.Invert)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return node.func.id in ("isfinite", "isnan")
        return isinstance(node, ast.Compare | ast.BoolOp) or (
            isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr | ast.BitXor)
        )

    @property
    def compares(self) -> bool:
        """Whether a comparison or a function stands in it, so that it cannot be meant as words."""
        return any(isinstance(node, ast.Compare | ast.Call) for node in ast.walk(self._tree))

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def evaluate(self, table: Any) -> np.ndarray:
        """The value of each row.

        Parameters
        ----------
        table : astropy.table.Table, or what has ``colnames``, ``[name]`` and a length

        Returns
        -------
        ndarray, (rows,)
            float64 with NaN where a value is missing, bool, or str.

        Raises
        ------
        InputError
            For a column that is not there (near names are told), that holds no numbers or texts, or for an operation
            that cannot be, such as a text plus a number.
        """
        with np.errstate(all="ignore"):
            try:
                value = self._value(self._tree, _Rows(table, self.text))
            except (TypeError, ValueError, OverflowError, RecursionError) as error:
                if isinstance(error, InputError):
                    raise
                raise InputError(f"{self.text} cannot be computed: {error}.", _SAY) from error
        out = np.asarray(_rows_of(value))
        if out.dtype.kind in "iu" or out.dtype == np.float32:
            out = out.astype(float)
        if out.shape != (len(table),):
            out = np.broadcast_to(out, (len(table),)).copy()
        return out

    # Each kind of node has its function; they are given the rows and return an array, or a scalar for all rows.

    def _source(self, node: ast.AST) -> str:
        try:
            text = ast.unparse(node)
        except (AttributeError, ValueError, RecursionError):
            text = type(node).__name__
        for place, name in self._names.items():
            text = text.replace(place, f"`{name}`")
        return text[:80]

    def _value(self, node: ast.AST, rows: _Rows) -> Any:
        if type(node) not in _EVALUATE:
            raise InputError(f"{self._source(node)} stands where one value is needed.", _SAY)
        return _EVALUATE[type(node)](self, node, rows)

    def _constant(self, node: ast.Constant, rows: _Rows) -> Any:
        value = node.value
        if isinstance(value, bool | str):
            return value
        if isinstance(value, int | float):
            return float(value)
        raise InputError(f"{value!r} is neither a number nor a text.", _SAY)

    def _name(self, node: ast.Name, rows: _Rows) -> Any:
        return rows.column(self._names.get(node.id, node.id))

    def _element(self, node: ast.Subscript, rows: _Rows) -> Any:
        at = node.slice
        sign = 1
        if isinstance(at, ast.UnaryOp) and isinstance(at.op, ast.USub):
            at, sign = at.operand, -1
        if (
            not isinstance(node.value, ast.Name)
            or not isinstance(at, ast.Constant)
            or type(at.value) is not int
        ):
            raise InputError(
                f"{self._source(node)} is no number of a column.", "Write, for example, Flux_History[3]."
            )
        return rows.column(self._names.get(node.value.id, node.value.id), sign * at.value)

    def _unary(self, node: ast.UnaryOp, rows: _Rows) -> Any:
        value = self._value(node.operand, rows)
        if isinstance(node.op, ast.Not | ast.Invert):
            return np.logical_not(self._truth(value, node.operand))
        value = self._number(value, node.operand)
        return -value if isinstance(node.op, ast.USub) else value

    def _binary(self, node: ast.BinOp, rows: _Rows) -> Any:
        left, right = self._value(node.left, rows), self._value(node.right, rows)
        if type(node.op) in _LOGIC:
            return _LOGIC[type(node.op)](self._truth(left, node.left), self._truth(right, node.right))
        if type(node.op) not in _NUMBERS:
            raise InputError(f"{self._source(node)} is no operation that is known here.", _SAY)
        return _NUMBERS[type(node.op)](self._number(left, node.left), self._number(right, node.right))

    def _logic(self, node: ast.BoolOp, rows: _Rows) -> Any:
        together = _LOGIC[type(node.op)]
        found = None
        for part in node.values:
            value = self._truth(self._value(part, rows), part)
            found = value if found is None else together(found, value)
        return found

    def _choice(self, node: ast.IfExp, rows: _Rows) -> Any:
        yes, no = self._value(node.body, rows), self._value(node.orelse, rows)
        if _is_text(yes) != _is_text(no):
            raise InputError(f"{self._source(node)} is a text in some rows and a number in others.", _SAY)
        return np.where(self._truth(self._value(node.test, rows), node.test), _rows_of(yes), _rows_of(no))

    def _call(self, node: ast.Call, rows: _Rows) -> Any:
        name, function = _function(node)
        values = [self._value(each, rows) for each in node.args]
        if name == "where":
            return function(self._truth(values[0], node.args[0]), *map(_rows_of, values[1:]))
        return function(*(self._number(value, each) for value, each in zip(values, node.args, strict=True)))

    def _compare(self, node: ast.Compare, rows: _Rows) -> Any:
        found, left = None, node.left
        a = self._side(left, rows)
        for op, right in zip(node.ops, node.comparators, strict=True):
            b = self._side(right, rows)
            one = self._one(op, left, right, a, b, rows)
            found = one if found is None else np.logical_and(found, one)
            left, a = right, b
        return found

    def _side(self, node: ast.expr, rows: _Rows) -> Any:
        return None if isinstance(node, ast.Tuple | ast.List) else self._value(node, rows)

    def _one(self, op: ast.cmpop, left: ast.expr, right: ast.expr, a: Any, b: Any, rows: _Rows) -> Any:
        if isinstance(op, ast.In | ast.NotIn):
            found = self._within(left, right, a, b, rows)
            if isinstance(op, ast.NotIn):
                found = np.logical_not(found)
            elif b is None:  # a list of what may be equal
                return found
            return self._there(self._there(found, left, a, rows), right, b, rows)
        if type(op) not in _COMPARE or a is None or b is None:
            raise InputError(f"{self._source(left)} and {self._source(right)} cannot be compared so.", _SAY)
        if _is_text(a) != _is_text(b):
            which, other = (left, right) if _is_text(a) else (right, left)
            raise InputError(
                f"{self._source(which)} is a text and {self._source(other)} a number: they cannot be compared.",
                'Texts stand in quotes, such as CLASS1 == "bll".',
            )
        if _is_text(a):
            result = _word_by_word(_COMPARE[type(op)], a, b)
            if isinstance(op, ast.Eq):  # == "" asks for what is missing
                return result
        else:
            one, other = self._whole(left, rows), self._whole(right, rows)
            if one is None or other is None:
                one, other = a, b
            # Identifiers beyond 2⁵³ are compared as the whole numbers that they are.
            result = _COMPARE[type(op)](one, other)
        return self._there(self._there(result, left, a, rows), right, b, rows)

    def _there(self, found: Any, node: ast.expr, value: Any, rows: _Rows) -> Any:
        """What is missing differs from nothing, comes before nothing, and is not known to lie outside of a list."""
        if isinstance(value, Texts):
            return np.logical_and(found, value.each(value.words != ""))
        if value is None or isinstance(value, str):
            return found
        array = np.asarray(value)
        if array.dtype.kind == "U":
            return np.logical_and(found, array != "")
        if array.dtype.kind == "f":
            return np.logical_and(found, ~np.isnan(array))
        gone = rows.gone(*self._place(node))
        return found if gone is None else np.logical_and(found, ~gone)

    def _within(self, left: ast.expr, right: ast.expr, a: Any, b: Any, rows: _Rows) -> Any:
        if isinstance(right, ast.Tuple | ast.List):
            found = np.zeros(len(rows.table), bool)
            for each in right.elts:
                value = self._value(each, rows)
                found = np.logical_or(found, self._one(ast.Eq(), left, each, a, value, rows))
            return found
        if not (_is_text(a) and _is_text(b)):
            raise InputError(
                f"{self._source(left)} in {self._source(right)} asks for texts or for a list.",
                'Write CLASS1 in ("bll", "fsrq"), or "TXS" in ASSOC1.',
            )
        return _word_by_word(lambda part, whole: np.char.find(whole, part) >= 0, a, b)

    def _place(self, node: ast.expr) -> tuple[str, int | None]:
        """The column and the element that a node is; no name where it is neither."""
        if isinstance(node, ast.Name):
            return self._names.get(node.id, node.id), None
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            return self._names.get(node.value.id, node.value.id), int(ast.literal_eval(node.slice))
        return "", None

    def _whole(self, node: ast.expr, rows: _Rows) -> Any:
        """A whole number, or a column of such as it is; None for anything else."""
        sign = 1
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            sign, node = -1 if isinstance(node.op, ast.USub) else 1, node.operand
        if isinstance(node, ast.Constant):
            return sign * node.value if type(node.value) is int else None
        return rows.whole(*self._place(node)) if sign == 1 else None

    def _number(self, value: Any, node: ast.AST) -> Any:
        if _is_text(value):
            raise InputError(f"{self._source(node)} is a text, where a number is needed.", _SAY)
        return _float(value)

    def _truth(self, value: Any, node: ast.AST) -> Any:
        if _is_text(value) or np.asarray(value).dtype != bool:
            raise InputError(
                f"{self._source(node)} says neither yes nor no.",
                "Compare it, such as flux > 1; and put comparisons in brackets between & and |.",
            )
        return value


class _Rows:
    """The columns of a table as plain arrays, each made once."""

    def __init__(self, table: Any, text: str) -> None:
        self.table, self.text = table, text
        self._made: dict[tuple[str, int | None], Any] = {}

    def column(self, name: str, element: int | None = None) -> Any:
        key = (name, element)
        if key not in self._made:
            self._made[key] = self._read(name, element)
        return self._made[key]

    def _read(self, name: str, element: int | None) -> Any:
        if name not in self.table.colnames:
            if name in _CONSTANTS:
                return _CONSTANTS[name]
            raise unknown_column(name, self.table.colnames)
        encoded = getattr(self.table, "encoded", None)
        if encoded is not None and element is None and (texts := encoded(name)) is not None:
            return texts
        column = self.table[name]
        if element is not None:
            if np.ndim(column) != 2:
                raise InputError(f"The column {name} holds one value in each row.", f"Write {name} alone.")
            if not -np.shape(column)[1] <= element < np.shape(column)[1]:
                raise InputError(
                    f"{name}[{element}] is not there: {name} holds {np.shape(column)[1]} values in each row.",
                    "They are counted from 0.",
                )
            column = column[:, element]
        return values_of(column, name)

    def gone(self, name: str, element: int | None) -> Any:
        """Which rows of a column are masked; None where none is, or where it is no column."""
        data = self._data(name, element)
        return np.ma.getmaskarray(data) if data is not None and np.ma.is_masked(data) else None

    def whole(self, name: str, element: int | None) -> Any:
        """A column of whole numbers as it is; None for another."""
        data = self._data(name, element)
        return data.data if data is not None and data.dtype.kind in "iu" else None

    def _data(self, name: str, element: int | None) -> Any:
        if name not in self.table.colnames:
            return None
        column = self.table[name]
        if getattr(column, "dtype", np.dtype(float)).kind not in "biu":
            return None
        data = np.ma.asarray(getattr(column, "value", column))
        return data if element is None else data[:, element]


def values_of(column: Any, name: str = "") -> np.ndarray:
    """A column as float64 with NaN where a value is missing, as bool, or as texts, empty where missing.

    Parameters
    ----------
    column : array_like
        As of an astropy table: masked or not, with a unit or not; numbers stay in the unit of the column.
    name : str
        What it is called in an error.

    Raises
    ------
    InputError
        If it holds something else, or several values in each row.
    """
    data = np.ma.asarray(getattr(column, "value", column))
    kind = data.dtype.kind
    if data.ndim != 1:
        raise InputError(
            f"The column {name} holds several values in each row.", f"Write {name}[0] for the first of them."
        )
    mask = np.ma.getmaskarray(data) if np.ma.is_masked(data) else None
    if kind == "b":
        return np.asarray(data.data if mask is None else data.data & ~mask)
    if kind in "fiu":
        numbers = np.asarray(data.data, float)
        return numbers if mask is None else np.where(mask, np.nan, numbers)
    if kind in "US":
        texts: Any = np.char.strip(data.data)
        if kind == "S":
            texts = np.char.decode(texts, "utf-8", "replace")
        return np.asarray(texts if mask is None else np.where(mask, "", texts))
    if kind == "O" and all(isinstance(value, str | bytes | type(None)) for value in data.data[:1000]):
        gone = np.zeros(len(data), bool) if mask is None else mask
        return np.array(
            [
                "" if no or value is None else decoded(value)
                for value, no in zip(data.data, gone, strict=True)
            ],
            dtype=str,
        )
    raise InputError(f"The column {name} holds neither numbers nor texts ({data.dtype}).", "Choose another.")


def unknown_column(name: str, columns: Iterable[str]) -> InputError:
    """The error for a column that is not there: it tells those of a similar name."""
    every = [str(column) for column in columns]
    folded = {column.casefold(): column for column in every}
    near = difflib.get_close_matches(name.casefold(), folded, n=4, cutoff=0.6)
    near += [low for low in folded if name and low.startswith(name.casefold()) and low not in near][:4]
    if near:
        advice = f"Did you mean {' or '.join(folded[low] for low in near[:4])}?"
    else:
        advice = f"The columns are {', '.join(every[:20])}{' …' if len(every) > 20 else ''}."
    return InputError(f"There is no column {name!r} in the table.", advice)


def _function(node: ast.Call) -> tuple[str, Callable[..., Any]]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in FUNCTIONS:
        near = difflib.get_close_matches(name, FUNCTIONS, n=3)
        advice = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(FUNCTIONS)}."
        raise InputError(f"There is no function {name or ast.unparse(node.func)[:40]!r}.", advice)
    function, least, most = FUNCTIONS[name]
    if (
        node.keywords
        or not least <= len(node.args) <= most
        or any(isinstance(a, ast.Starred) for a in node.args)
    ):
        wanted = str(least) if least == most else f"{least} to {most}"
        raise InputError(f"{name} takes {wanted} values, not {len(node.args) + len(node.keywords)}.", _SAY)
    return name, function


def _held(node: ast.AST) -> int:
    """How many intermediate columns there are at a time: those to the left wait for what is to the right."""
    parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
    many = isinstance(node, ast.Call)  # its values all wait for the last
    return max(
        ((at if many else min(at, 2)) + _held(part) for at, part in enumerate(parts)),
        default=1,
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str | Texts) or np.asarray(value).dtype.kind == "U"


def _rows_of(value: Any) -> Any:
    return value.rows if isinstance(value, Texts) else value


def _word_by_word(rule: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """What is told of two texts in each row: of a column and one text, of each distinct word once."""
    a, b = (side.strip() if isinstance(side, str) else side for side in (a, b))
    if isinstance(a, Texts) and isinstance(b, str):
        return a.each(np.asarray(rule(a.words, b)))
    if isinstance(a, str) and isinstance(b, Texts):
        return b.each(np.asarray(rule(a, b.words)))
    return rule(_rows_of(a), _rows_of(b))


def _float(value: Any) -> Any:
    return np.asarray(value, float) if np.asarray(value).dtype.kind in "biu" else value


_PARTS = (
    ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.Tuple, ast.List,
)  # fmt: skip
_EVALUATE: dict[type, Callable[[Expression, Any, _Rows], Any]] = {
    ast.Constant: Expression._constant,
    ast.Name: Expression._name,
    ast.Subscript: Expression._element,
    ast.UnaryOp: Expression._unary,
    ast.BinOp: Expression._binary,
    ast.BoolOp: Expression._logic,
    ast.IfExp: Expression._choice,
    ast.Call: Expression._call,
    ast.Compare: Expression._compare,
}
