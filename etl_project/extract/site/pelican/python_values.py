"""Read the values that a settings file in Python assigns, without running it.

The statements are followed in order: assignments, `+=`, `update` and `append`, `if`, `try`, and `from base import *`
of a file beside it. Expressions are literals, names, `+`, `%`, f-strings and `format`, parts of lists and tables,
comparisons, methods of texts, `os.path` and `Path`. Any other value is `UNKNOWN`: what a function returns, what the
environment says, what a loop makes. Of an `if` whose condition is unknown, only what both branches agree on is known.
"""

from __future__ import annotations

import ast
import operator
import posixpath
import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

ROOT = "/site"
"""The folder of the settings file, as `__file__` and `os.getcwd()` say it here."""

_MOST_CHARACTERS = 100_000
_MOST_ITEMS = 10_000
_MOST_MODULES = 8
_PERCENT_PART = re.compile(r"%(?:%|(?:\(([A-Za-z_]\w*)\))?[sd])")
_FIELD_NAME = re.compile(r"\w*")
_MUTATORS = frozenset(
    {"append", "extend", "insert", "update", "setdefault", "pop", "remove", "clear", "sort", "reverse"}
)
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda item, container: item in container,
    ast.NotIn: lambda item, container: item not in container,
}
_TEXT_METHODS = frozenset(
    {"lower", "upper", "title", "strip", "rstrip", "lstrip", "replace", "removeprefix", "removesuffix", "split"}
    | {"startswith", "endswith"}
)
_SAME_PATH = frozenset(
    {"os.path.abspath", "os.path.realpath", "os.path.normpath", "os.path.expanduser", "pathlib.Path"}
)


class Unknown:
    """The value of an expression that cannot be known without running the file."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()

ReadModule = Callable[[str], str | None]
"""Function that returns the text of a Python module of the site, by its dotted name; None if there is no such file."""


def read_python_values(text: str, read_module: ReadModule = lambda _: None) -> dict[str, Any]:
    """Read the variables that a settings file leaves behind.

    Args:
        text: the file.
        read_module: finds the files that it imports names from.

    Returns:
        Name -> value: texts, numbers, truth values, None, lists, tuples and tables of them, or `UNKNOWN`.

    Raises:
        SyntaxError: the file, or one that it imports, is not Python.
        ValueError: it contains a NUL, or a number too long to be read.
        RecursionError: it is nested too deep.
    """
    try:
        return _Module(read_module).run(text)
    except MemoryError as error:  # so says the parser of Python 3.11 of brackets nested too deep
        raise RecursionError("nested too deep") from error


class _Module:
    """The variables of a module, as far as its statements have been followed."""

    def __init__(self, read_module: ReadModule, opened: frozenset[str] = frozenset()) -> None:
        self.names: dict[str, Any] = {"__file__": f"{ROOT}/pelicanconf.py"}
        self._read_module = read_module
        self._opened = opened
        self._imported: dict[str, str] = {}
        """Name here -> full name of the module or function that it stands for."""

    def run(self, text: str) -> dict[str, Any]:
        self._follow(ast.parse(text).body)
        return {name: value for name, value in self.names.items() if not name.startswith("_")}

    def _follow(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            match statement:
                case ast.Assign(targets=targets, value=value):
                    found = self._value(value)
                    for target in targets:
                        self._assign(target, found)
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    self._assign(target, self._value(value))
                case ast.AugAssign(target=ast.Name(id=name), op=ast.Add() | ast.BitOr() as op, value=value):
                    self.names[name] = _binary(op, self.names.get(name, UNKNOWN), self._value(value))
                case ast.AugAssign(target=target):
                    self._assign(target, UNKNOWN)
                case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method), args=args)):
                    if method in _MUTATORS and name in self.names:
                        self.names[name] = _mutated(self.names[name], method, [self._value(a) for a in args])
                case ast.If(test=test, body=body, orelse=orelse):
                    condition = self._value(test)
                    if isinstance(condition, Unknown):
                        self._follow_either(body, orelse)
                    else:
                        self._follow(body if condition else orelse)
                case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                    self._follow([*body, *orelse])
                    for handler in handlers:
                        self._follow_either(handler.body, [])
                    self._follow(finalbody)
                case ast.ImportFrom(module=str(module), names=names):
                    self._import(module, names)
                case ast.Import(names=names):
                    for alias in names:
                        top = alias.name.partition(".")[0]
                        self._imported[alias.asname or top] = alias.name if alias.asname else top
                case _:
                    self._forget(statement)

    def _follow_either(self, first: Sequence[ast.stmt], second: Sequence[ast.stmt]) -> None:
        """Follow two branches of which one is run; a name on which they differ is unknown."""
        before = dict(self.names)
        self._follow(first)
        after_first, self.names = self.names, before
        self._follow(second)
        for name in after_first.keys() | self.names.keys():
            one, other = after_first.get(name, UNKNOWN), self.names.get(name, UNKNOWN)
            if one is not other and one != other:
                self.names[name] = UNKNOWN

    def _forget(self, statement: ast.stmt) -> None:
        """Let every name that a statement may set be unknown: a loop, a function, a class."""
        if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            self.names[statement.name] = UNKNOWN
            return
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                self.names[node.id] = UNKNOWN
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in _MUTATORS:
                self.names[node.value.id] = UNKNOWN

    def _assign(self, target: ast.expr, value: Any) -> None:
        match target:
            case ast.Name(id=name):
                self.names[name] = value
            case ast.Subscript(value=ast.Name(id=name), slice=key):
                table, found = self.names.get(name), self._value(key)
                is_known = isinstance(table, dict) and isinstance(found, str)
                self.names[name] = {**table, found: value} if is_known and table is not None else UNKNOWN
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                is_known = isinstance(value, list | tuple) and len(value) == len(parts)
                for index, part in enumerate(parts):
                    self._assign(part, value[index] if is_known else UNKNOWN)
            case ast.Starred(value=inner):
                self._assign(inner, UNKNOWN)
            case _:
                pass

    def _import(self, module: str, names: list[ast.alias]) -> None:
        """Take names from a file of the site, or note what they stand for."""
        text = self._read_module(module) if len(self._opened) < _MOST_MODULES and module not in self._opened else None
        if text is None:
            for alias in names:
                self._imported[alias.asname or alias.name] = f"{module}.{alias.name}"
            return
        values = _Module(self._read_module, self._opened | {module}).run(text)
        for alias in names:
            if alias.name == "*":
                self.names |= values
            else:
                self.names[alias.asname or alias.name] = values.get(alias.name, UNKNOWN)

    def _value(self, node: ast.expr) -> Any:
        """Find the value of an expression."""
        try:
            return _within_limits(self._find(node))
        except (TypeError, KeyError, IndexError, ValueError, AttributeError):
            return UNKNOWN

    def _find(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.names.get(name, UNKNOWN)
            case ast.List(elts=parts) | ast.Set(elts=parts):
                return self._items(parts)
            case ast.Tuple(elts=parts):
                return tuple(self._items(parts))
            case ast.Dict(keys=keys, values=values):
                table: dict[Any, Any] = {}
                for key, item in zip(keys, values, strict=True):
                    table |= self._value(item) if key is None else {self._value(key): self._value(item)}
                return table
            case ast.JoinedStr(values=parts):
                return "".join([self._formatted(part) for part in parts])
            case ast.BinOp(left=left, op=op, right=right):
                return _binary(op, self._value(left), self._value(right))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                value = self._value(operand)
                return value if isinstance(value, Unknown) else not value
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._value(operand)
            case ast.BoolOp(op=op, values=values):
                for part in values:
                    value = self._value(part)
                    if isinstance(value, Unknown) or bool(value) is isinstance(op, ast.Or):
                        break
                return value
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                one, other = self._value(left), self._value(right)
                is_known = not isinstance(one, Unknown) and not isinstance(other, Unknown)
                return _COMPARISONS[type(op)](one, other) if is_known else UNKNOWN
            case ast.IfExp(test=test, body=body, orelse=orelse):
                value = self._value(test)
                return value if isinstance(value, Unknown) else self._value(body if value else orelse)
            case ast.Subscript(value=container, slice=key):
                return self._value(container)[self._value(key)]
            case ast.Attribute(value=above, attr="parent"):
                return posixpath.dirname(self._value(above))
            case ast.Call(func=function, args=args, keywords=keywords):
                return self._called(function, args, keywords)
        return UNKNOWN

    def _items(self, parts: Iterable[ast.expr]) -> list[Any]:
        items: list[Any] = []
        for part in parts:
            if isinstance(part, ast.Starred):
                items.extend(self._value(part.value))
            else:
                items.append(self._value(part))
        return items

    def _formatted(self, part: ast.expr) -> str:
        match part:
            case ast.Constant(value=str(text)):
                return text
            case ast.FormattedValue(value=inner, conversion=-1 | 115, format_spec=None):
                return _as_text(self._value(inner))
        raise TypeError("a format that is not read")

    def _called(self, function: ast.expr, args: list[ast.expr], keywords: list[ast.keyword]) -> Any:
        values = self._items(args)
        named = {keyword.arg: self._value(keyword.value) for keyword in keywords if keyword.arg}
        if (full_name := self._full_name(function)) is not None:
            return _of_library(full_name, values, named)
        if isinstance(function, ast.Attribute):
            subject, method = self._value(function.value), function.attr
            if isinstance(subject, str):
                if method == "format":
                    return _format(subject, values, named)
                if method == "join":
                    return subject.join(values[0])
                if method in _TEXT_METHODS:
                    return getattr(subject, method)(*values)
                if method in ("resolve", "absolute", "as_posix"):  # of a Path
                    return subject
                if method == "joinpath":
                    return posixpath.normpath(posixpath.join(subject, *values))
            elif isinstance(subject, dict) and method == "get":
                return subject.get(*values)
        return UNKNOWN

    def _full_name(self, function: ast.expr) -> str | None:
        """Name the function of a library, or of Python, that is called."""
        parts: list[str] = []
        while isinstance(function, ast.Attribute):
            parts.append(function.attr)
            function = function.value
        if not isinstance(function, ast.Name) or function.id in self.names:
            return None
        return ".".join([self._imported.get(function.id, function.id), *reversed(parts)])


def _within_limits(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _MOST_CHARACTERS else UNKNOWN
    return UNKNOWN if isinstance(value, list | tuple | dict) and len(value) > _MOST_ITEMS else value


def _binary(op: ast.operator, left: Any, right: Any) -> Any:
    """Join two texts, lists, tuples or tables, fill in a text with `%`, or add to a path with `/`."""
    match op:
        case ast.Add() if type(left) is type(right) and isinstance(left, str | list | tuple | int):
            return _within_limits(left + right)
        case ast.BitOr() if isinstance(left, dict) and isinstance(right, dict):
            return _within_limits(left | right)
        case ast.Mod() if isinstance(left, str):
            return _fill_in(left, right)
        case ast.Div() if isinstance(left, str) and isinstance(right, str):
            return posixpath.normpath(posixpath.join(left, right))
    return UNKNOWN


def _fill_in(template: str, values: Any) -> Any:
    """Fill in `%s`, `%d` and `%(name)s`."""
    items = iter(values if isinstance(values, tuple) else [values])

    def part(match: re.Match[str]) -> str:
        return "%" if match[0] == "%%" else _as_text(values[match[1]] if match[1] else next(items, UNKNOWN))

    filled = _PERCENT_PART.sub(part, template)
    return UNKNOWN if "%" in _PERCENT_PART.sub("", template) else filled


def _format(template: str, values: Sequence[Any], named: Mapping[str, Any]) -> str:
    """Do what `str.format` does with `{}`, `{0}` and `{name}`."""
    parts: list[str] = []
    for index, (literal, name, spec, conversion) in enumerate(string.Formatter().parse(template)):
        parts.append(literal)
        if name is None:
            continue
        if spec or conversion or not _FIELD_NAME.fullmatch(name):
            raise ValueError("a format that is not read")
        parts.append(_as_text(named[name] if name and not name.isdigit() else values[int(name or index)]))
    return "".join(parts)


def _as_text(value: Any) -> str:
    if not isinstance(value, str | int):
        raise TypeError("no text")
    return str(value)


def _of_library(name: str, values: list[Any], named: dict[str, Any]) -> Any:
    """Do what a function of Python's library does, if it is one of those that settings files use for paths."""
    if any(isinstance(value, Unknown) for value in values):
        return UNKNOWN
    if name in _SAME_PATH:
        return posixpath.normpath(posixpath.join(ROOT if name.endswith(("abspath", "realpath")) else "", *values))
    match name:
        case "os.path.join":
            return posixpath.join(*values)
        case "os.path.dirname":
            return posixpath.dirname(values[0])
        case "os.path.basename":
            return posixpath.basename(values[0])
        case "os.getcwd" | "pathlib.Path.cwd":
            return ROOT
        case "dict":
            return {**dict(*values), **named}
        case "list":
            return list(*values)
        case "tuple":
            return tuple(*values)
        case "str" if len(values) == 1:
            return _as_text(values[0])
    return UNKNOWN


def _mutated(value: Any, method: str, args: list[Any]) -> Any:
    """What a method that changes a list or table leaves; the value itself stays, as other names may mean it too."""
    match value, method, args:
        case list(), "append", [item]:
            return [*value, item]
        case list(), "extend", [list() | tuple() as items]:
            return [*value, *items]
        case dict(), "update", [dict() as items]:
            return {**value, **items}
    return UNKNOWN
