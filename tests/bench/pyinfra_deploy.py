"""The ten steps as a deploy of pyinfra, run in its own environment. Facts decide, as its documentation advises."""

import importlib.util
import io
import os
import shlex
import sys

from pyinfra import host
from pyinfra.facts.server import Command
from pyinfra.operations import files, server

_spec = importlib.util.spec_from_file_location("work", os.environ["BENCH_WORK"])
work = importlib.util.module_from_spec(_spec)
sys.modules["work"] = work
_spec.loader.exec_module(work)

for number, step in enumerate(work.TEN, 1):
    match step:
        case work.File(path, content, mode):
            files.put(name=f"{number} {path}", src=io.StringIO(content), dest=path, mode=f"{mode:o}")
        case work.Dir(path, mode):
            files.directory(name=f"{number} {path}", path=path, mode=f"{mode:o}")
        case work.Gone(path):
            files.file(name=f"{number} {path}", path=path, present=False)
        case work.Pruned(path):
            asked = f'find {path} -type f -name "*.log" -mtime +{work.AGE_DAYS}'
            for old in (host.get_fact(Command, asked) or "").splitlines():
                files.file(name=f"{number} {old}", path=old, present=False)
        case work.Ran(name, unless, command):
            if host.get_fact(Command, f"{shlex.join(unless)} && echo ok || echo due") != "ok":
                server.shell(name=f"{number} {name}", commands=[shlex.join(command)])
