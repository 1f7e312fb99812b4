"""The rules of the house that no linter knows: sizes, names, purity, and what an import costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "remedy"

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50
MAX_MEDIAN_LINES = 10

SAYS_NOTHING = {"util", "utils", "helper", "helpers", "manager", "handler", "job", "task", "workflow", "info", "data"}
OF_SIGNALS = {"remedy/cli/stopping.py": {"Handler", "handler"}}  # the word that the standard library has for it

LIBRARIES = ["click", "paramiko", "fabric", "invoke", "docker", "jsonschema", "jinja2", "yaml", "rich", "sqlite3"]
BEFORE_VERSION = ["click", "paramiko", "fabric", "docker", "jsonschema", "jinja2", "rich"]

PURE = ["remedy/actions", "remedy/model", "remedy/errors.py", "remedy/ports.py", "remedy/digest.py"]
PURE_ENGINE = [f"remedy/engine/{name}.py" for name in ("plan", "policy", "report", "ground", "undo", "verify")]
NOT_PURE = {"remedy/actions/catalogue.py"}  # reads the shell beside each action
DOES_IO = {
    "asyncio", "concurrent", "ctypes", "docker", "fabric", "ftplib", "glob", "http", "importlib", "io", "logging",
    "multiprocessing", "os", "paramiko", "pathlib", "random", "requests", "secrets", "select", "shutil", "signal",
    "smtplib", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
CALLS_OUT = {"open", "input", "print", "exec", "eval", "__import__", "breakpoint"}
ASKS_CLOCK = {"now", "today", "utcnow"}

# Calls that make a value and do nothing else: the only ones a module may make while it is imported.
MAKES_A_VALUE = {
    "re.compile", "TypeVar", "ParamSpec", "NewType", "frozenset", "type", "dict.fromkeys", "enumerate", "object",
    "Path", "timedelta", "sorted", "tuple", "range", "len", "MappingProxyType", "json.JSONEncoder", "click.option",
    "click.argument",
}  # fmt: skip
OF_TEXT_AND_PATHS = {"with_name", "join", "replace", "format", "encode", "resolve", "split", "items", "values"}


@dataclass(frozen=True)
class Module:
    """One source file and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def modules() -> tuple[Module, ...]:
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 50, "looked in the wrong place"
    return tuple(_module(path) for path in files)


def _module(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(path.relative_to(ROOT).as_posix(), text, ast.parse(text))


def functions() -> Iterator[tuple[Module, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield module, node


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_longer_than_a_reader_bears() -> None:
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.sql"), *(ROOT / "tests").rglob("conftest.py")]
    long = {path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {path: lines for path, lines in long.items() if lines >= MAX_FILE_LINES} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{m.path}:{node.lineno} {node.name} {_length(node)}"
        for m, node in functions()
        if _length(node) > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_most_functions_are_short() -> None:
    assert median(_length(node) for _, node in functions()) < MAX_MEDIAN_LINES


def _names(module: Module) -> Iterator[tuple[int, str]]:
    yield 1, Path(module.path).stem
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def _words(name: str) -> set[str]:
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {part.lower() for part in parts}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("read_data", {"read", "data"}),
        ("JobInfo", {"job", "info"}),
        ("dataclass", {"dataclass"}),
        ("JSONData", {"json", "data"}),
    ],
)
def test_a_name_is_taken_apart_into_its_words(name: str, words: set[str]) -> None:
    assert _words(name) == words


def test_no_name_says_nothing() -> None:
    found = {
        f"{module.path}:{line} {name}"
        for module in modules()
        for line, name in _names(module)
        if _words(name) & SAYS_NOTHING and name not in OF_SIGNALS.get(module.path, set())
    }
    assert found == set()


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def _touches_the_world(module: Module) -> Iterator[str]:
    for line, name in _imports(module.tree):
        if name.partition(".")[0] in DOES_IO:
            yield f"{module.path}:{line} imports {name}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS_OUT:
            yield f"{module.path}:{node.lineno} calls {node.func.id}"
        if isinstance(node, ast.Call) and _asks_the_clock(node.func):
            yield f"{module.path}:{node.lineno} asks the clock"


def _asks_the_clock(called: ast.expr) -> bool:
    """Whether it is `now` or `today` of the class; those of a Clock that was passed are fine."""
    if not isinstance(called, ast.Attribute) or called.attr not in ASKS_CLOCK:
        return False
    return ast.unparse(called.value).rpartition(".")[2] in {"datetime", "date"}


def test_pure_parts_do_no_io() -> None:
    pure = [
        module
        for module in modules()
        if module.path not in NOT_PURE and any(_is_below(module.path, part) for part in (*PURE, *PURE_ENGINE))
    ]
    assert len(pure) > 15, "the pure parts have moved"
    assert [fault for module in pure for fault in _touches_the_world(module)] == []


def test_what_touches_the_world_is_found() -> None:
    text = "import os\nfrom urllib import request\nopen('x')\ndatetime.now(UTC)\n"
    assert len(list(_touches_the_world(Module("x.py", text, ast.parse(text))))) == 5


def _is_below(path: str, part: str) -> bool:
    return path == part or path.startswith(f"{part}/")


def _works_on_import(module: Module) -> Iterator[str]:
    own = {node.name for node in module.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    own |= {name.rpartition(".")[2] for _, name in _imports(module.tree) if name.startswith("remedy.")}
    for node in module.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "__name__ == '__main__'"}:
            continue
        if isinstance(node, ast.Assign | ast.AnnAssign):
            calls = (call for call in ast.walk(node) if isinstance(call, ast.Call))
            yield from (f"{module.path}:{c.lineno} {ast.unparse(c)[:60]}" for c in calls if not _makes_a_value(c, own))
            continue
        yield f"{module.path}:{node.lineno} {ast.unparse(node)[:60]}"


def _makes_a_value(call: ast.Call, own: set[str]) -> bool:
    name = ast.unparse(call.func)
    if isinstance(call.func, ast.Attribute) and call.func.attr in OF_TEXT_AND_PATHS:
        return True
    return name in MAKES_A_VALUE or name.partition(".")[0] in own


def test_nothing_happens_when_a_module_is_imported() -> None:
    assert [fault for module in modules() for fault in _works_on_import(module)] == []


def test_work_at_import_is_found() -> None:
    text = "x = open('y').read()\nprint(x)\nfor z in x: pass\n"
    assert len(list(_works_on_import(Module("x.py", text, ast.parse(text))))) >= 4


def test_no_module_imports_itself_by_a_detour() -> None:
    known = {module.name: module for module in modules()}
    wants = {
        name: {target for _, target in _runtime_imports(module) if target in known and target != name}
        for name, module in known.items()
    }
    assert _cycle(wants) == []


def test_a_detour_is_found() -> None:
    assert _cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def _runtime_imports(module: Module) -> Iterator[tuple[int, str]]:
    """What is imported as the module is, left out what only the type checker reads."""
    for node in module.tree.body:
        if not isinstance(node, ast.If | ast.FunctionDef | ast.ClassDef):
            yield from _imports(node)


def _cycle(wants: dict[str, set[str]]) -> list[str]:
    """One way from a module back to itself, or nothing."""
    done: set[str] = set()

    def visit(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for target in sorted(wants.get(name, ())):
            if found := visit(target, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(wants) if (found := visit(name, []))), [])


def _imported(code: str, libraries: list[str]) -> list[str]:
    """Which of `libraries` a fresh Python has loaded after `code`."""
    asked = f"import sys\n{code}\nprint('\\n' + ' '.join(n for n in {libraries!r} if n in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )
    return done.stdout.splitlines()[-1].split()


def test_importing_remedy_imports_no_library() -> None:
    assert _imported("import remedy, remedy.cli", LIBRARIES) == []


def test_the_version_is_told_before_any_library_is_imported() -> None:
    code = "import remedy.cli\nsys.argv = ['remedy', '--version']\ntry: remedy.cli.main()\nexcept SystemExit: pass"
    assert _imported(code, BEFORE_VERSION) == []
