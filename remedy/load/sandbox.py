"""Jinja2's immutable sandbox, with its globals, filters and attribute access taken away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import StrictUndefined, TemplateError, Undefined, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from remedy.errors import Invalid
from remedy.load import filters
from remedy.load.grammar import TESTS, names_in
from remedy.load.template import Value, step_of
from remedy.model import SecretRef


class Sandbox(ImmutableSandboxedEnvironment):
    """Expressions over plain values: no attributes, no globals, our own filters, arithmetic that is bounded."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"-", "+"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            return obj
        key = step_of(argument, obj) or argument if isinstance(obj, Mapping) and isinstance(argument, str) else argument
        if isinstance(obj, Mapping) and key in obj:
            return obj[key]
        if isinstance(obj, list) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        return self.undefined(obj=obj, name=argument, hint=f"there is no '{argument}'")

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> NoReturn:
        raise SecurityError("a template calls nothing")

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        return filters.arithmetic(operator, left, right)

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
        return filters.arithmetic(operator, 0, arg)


@lru_cache(maxsize=1)
def sandbox() -> Sandbox:
    """The one environment: it holds no state."""
    environment = Sandbox(
        undefined=StrictUndefined, autoescape=False, optimized=False, keep_trailing_newline=True, cache_size=0
    )
    environment.globals = {}
    environment.filters = dict(filters.FILTERS)
    environment.tests = {n: t for n, t in environment.tests.items() if n in TESTS}
    return environment


def compiled(node: nodes.Expr) -> Callable[[Mapping[str, Value]], Value]:
    """A function from names to the value of a checked expression. It raises Invalid."""
    target = nodes.Name("result", "store", lineno=1)
    source = nodes.Template([nodes.Assign(target, node, lineno=1)], lineno=1)
    source.set_environment(sandbox())
    template: list[Any] = []  # compiled on first use: validating needs no code

    def value(values: Mapping[str, Value]) -> Value:
        for name, given in values.items():
            if isinstance(given, SecretRef) and name in used:
                raise Invalid(f"'{name}' is a secret: it stands alone, as {{{{ {name} }}}}, or not at all")
        try:
            if not template:
                template.append(sandbox().from_string(source))
            context = template[0].new_context(dict(values))
            for _ in template[0].root_render_func(context):
                pass
        except (TemplateError, TypeError, ArithmeticError, LookupError, ValueError) as error:
            raise _went_wrong(error) from None
        return filters.plain(context.vars["result"])

    used = frozenset(names_in(node))
    return value


def _went_wrong(error: Exception) -> Invalid:
    match error:
        case UndefinedError() | SecurityError():
            return Invalid(str(error.message))
        case ZeroDivisionError():
            return Invalid("division by zero")
        case TypeError():
            return Invalid("the kinds of its values do not fit together")
        case _:
            return Invalid("the expression cannot be evaluated")
