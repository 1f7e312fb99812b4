"""Templates that are more than names: read by Jinja2, checked part by part, compiled in its sandbox."""

from __future__ import annotations

from jinja2 import TemplateSyntaxError, nodes

from remedy.errors import Invalid
from remedy.load import grammar
from remedy.load.sandbox import compiled, sandbox
from remedy.load.template import Expression, Template

MOST_TOKENS = 200  # of one template; bounds what parsing and compiling may cost
DEEPEST_BRACKETS = 8
LONGEST_NUMBER = 20  # digits


def parsed(text: str) -> Template:
    """The checked template. Raises Invalid for whatever is not a harmless expression."""
    _bounded_source(text)
    try:
        body = sandbox().parse(text).body
    except TemplateSyntaxError as error:
        raise Invalid(f"is not a template: {error.message}", fix="an expression stands in {{ }}") from None
    output = [n for part in body for n in _output_nodes(part)]
    for node in output:
        grammar.check(node)
    return Template(
        text,
        tuple(_part(n) for n in output),
        frozenset(n for o in output for n in grammar.names_in(o)),
        frozenset(n for o in output for n in grammar.seen_in(o)),
    )


def _bounded_source(text: str) -> None:
    for mark, what in (("{%", "a statement"), ("{#", "a comment")):
        if mark in text:
            raise Invalid(f"{what} ({mark}) is not part of a template", fix="only expressions in {{ }} are")
    tokens, depth = 0, 0
    try:
        for _, kind, value in sandbox().lex(text):
            tokens += kind not in ("data", "whitespace")
            depth += (value in ("(", "[", "{")) - (value in (")", "]", "}")) if kind == "operator" else 0
            if kind in ("integer", "float") and len(value) > LONGEST_NUMBER:
                raise Invalid("a number has at most 64 bits")
            if tokens > MOST_TOKENS or depth > DEEPEST_BRACKETS:
                raise Invalid("the expression is too long or too deeply nested", fix="put the value into a parameter")
    except TemplateSyntaxError as error:
        raise Invalid(f"is not a template: {error.message}", fix="an expression stands in {{ }}") from None


def _output_nodes(node: nodes.Node) -> list[nodes.Expr]:
    if not isinstance(node, nodes.Output):
        raise Invalid("only expressions in {{ }} are part of a template")
    return node.nodes


def _part(node: nodes.Expr) -> str | Expression:
    if isinstance(node, nodes.TemplateData):
        return node.data
    if isinstance(node, nodes.Name):
        return Expression(node.name, None)
    return Expression("", compiled(node))
