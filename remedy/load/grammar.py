"""What an expression may consist of: a short list of harmless parts, checked before anything is compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import nodes

from remedy.errors import Invalid
from remedy.load import filters
from remedy.load.template import number
from remedy.load.text import suggestion, unseen_in

LARGEST_FACTOR = 10**9
TESTS = frozenset({"defined", "undefined", "none", "string", "number", "boolean"})

_HARMLESS = (
    nodes.Name, nodes.Const, nodes.TemplateData, nodes.List, nodes.Tuple, nodes.CondExpr, nodes.Concat,
    nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Add, nodes.Sub, nodes.Div,
    nodes.FloorDiv, nodes.Mul, nodes.Mod, nodes.Neg, nodes.Pos, nodes.Filter, nodes.Test, nodes.Getattr, nodes.Getitem,
)  # fmt: skip
_WHAT: Mapping[type[nodes.Node], str] = {
    nodes.Call: "a call",
    nodes.Pow: "a power",
    nodes.Slice: "a slice",
    nodes.Dict: "a mapping",
}


def check(root: nodes.Node) -> None:
    """Raise Invalid unless every part of the expression is harmless."""
    for node in parts_of(root):
        if not isinstance(node, _HARMLESS):
            what = _WHAT.get(type(node), type(node).__name__.lower())
            raise Invalid(f"{what} is not part of a template", fix=f"use a filter; {filters.LISTED}")
        _CHECKS.get(type(node), _pass)(node)


def _pass(node: Any) -> None:
    """Nothing more to ask of this part."""


def _check_name(node: nodes.Name) -> None:
    if node.ctx != "load" or node.name.startswith("_"):
        raise Invalid(f"'{node.name}' is not a name that a template may use")


def _check_getattr(node: nodes.Getattr) -> None:
    if node.attr.startswith("_"):
        raise Invalid(f"'.{node.attr}' begins with an underscore")
    if not _is_below_seen(node):
        raise Invalid(f"'.{node.attr}': values have no attributes", fix="use a filter; " + filters.LISTED)


def _check_getitem(node: nodes.Getitem) -> None:
    key = node.arg
    if not isinstance(key, nodes.Const) or not isinstance(key.value, int | str) or isinstance(key.value, bool):
        raise Invalid("what stands in [ ] must be a number, or text after `seen`")
    if isinstance(key.value, str) and (key.value.startswith("_") or not _is_below_seen(node)):
        raise Invalid("text in [ ] is read after `seen` only, and begins with no underscore")


def _check_filter(node: nodes.Filter) -> None:
    if node.name not in filters.FILTERS:
        raise Invalid(f"there is no filter '{node.name}'", fix=suggestion(node.name, filters.FILTERS))
    if node.node is None or node.dyn_args or node.dyn_kwargs or node.kwargs or len(node.args) > 2:
        raise Invalid(f"the filter '{node.name}' takes at most two plain arguments")


def _check_test(node: nodes.Test) -> None:
    if node.name not in TESTS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise Invalid(f"there is no test '{node.name}'", fix=suggestion(node.name, TESTS))


def _check_product(node: nodes.Mul | nodes.Mod) -> None:
    for side in (node.left, node.right):
        value = side.value if isinstance(side, nodes.Const) else None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST_FACTOR:
            raise Invalid(f"'{node.operator}' is allowed between two written numbers only")


def _check_condition(node: nodes.CondExpr) -> None:
    if node.expr2 is None:
        raise Invalid("'if' needs an 'else'")


def _check_concat(node: nodes.Concat) -> None:
    node.nodes = [nodes.Filter(n, "string", [], [], None, None, lineno=n.lineno) for n in node.nodes]


def _check_const(node: nodes.Const) -> None:
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        number(node.value)
    elif isinstance(node.value, str) and (why := unseen_in(node.value)):
        raise Invalid(f"a text {why}")


_CHECKS: Mapping[type[nodes.Node], Callable[[Any], None]] = {
    nodes.Name: _check_name,
    nodes.Getattr: _check_getattr,
    nodes.Getitem: _check_getitem,
    nodes.Filter: _check_filter,
    nodes.Test: _check_test,
    nodes.Mul: _check_product,
    nodes.Mod: _check_product,
    nodes.Const: _check_const,
    nodes.CondExpr: _check_condition,
    nodes.Concat: _check_concat,  # Jinja2 would join what Python calls its operands
}


def _is_below_seen(node: nodes.Node) -> bool:
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        node = node.node
    return isinstance(node, nodes.Name) and node.name == "seen"


def names_in(root: nodes.Node) -> Iterator[str]:
    """Every name that an expression reads."""
    return (n.name for n in parts_of(root) if isinstance(n, nodes.Name))


def seen_in(root: nodes.Node) -> Iterator[str]:
    """The step ids that an expression asks `seen` for. Raises Invalid where `seen` stands by itself."""
    if sum(map(_is_name_seen, parts_of(root))) != sum(map(_is_seen, parts_of(root))):
        raise Invalid("'seen' is read as seen.STEP.FIELD")
    return (i for i in map(_seen_id, parts_of(root)) if i)


def _is_seen(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Getattr | nodes.Getitem) and _is_name_seen(node.node)


def _is_name_seen(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "seen"


def _seen_id(node: nodes.Node) -> str:
    if not _is_seen(node):
        return ""
    if isinstance(node, nodes.Getattr):
        return node.attr
    assert isinstance(node, nodes.Getitem)
    return str(node.arg.value) if isinstance(node.arg, nodes.Const) else ""


def parts_of(node: nodes.Node) -> list[nodes.Node]:
    """The expression and everything in it."""
    return [node, *node.find_all(nodes.Node)]
