"""`remedy validate`: every mistake at once, without a host."""

from __future__ import annotations

from pathlib import Path

import click

from remedy.cli import options
from remedy.cli.complete import of_playbooks
from remedy.cli.world import World


@click.command("validate", epilog=options.example("remedy validate playbooks/disk-full.yml"))
@click.argument("paths", nargs=-1, metavar="[PATH|PLAYBOOK]...", shell_complete=of_playbooks)
@options.as_json
@click.pass_obj
def command(world: World, paths: tuple[str, ...], as_json: bool) -> int:
    """Find every mistake in playbooks, inventories and policies: FILE:LINE:COL, what, and what to write instead.

    Without a PATH: all files of the home. No host is touched.
    """
    from remedy.actions.catalogue import shipped  # noqa: PLC0415 — the command line is right by now
    from remedy.errors import Invalid  # noqa: PLC0415
    from remedy.load.validate import files_to_validate, validate_paths  # noqa: PLC0415

    home = _home(world, needed=not paths)
    names = [options.path_of(world.cwd, p) if not (world.cwd / p).is_dir() else str(world.cwd / p) for p in paths]
    problems = validate_paths(names, home, world.catalogue or shipped())
    files = [str(p) for p in files_to_validate(names, home)]
    if problems:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise Invalid(f"{count} found", at=problems[0].at, fix=problems[0].fix, problems=tuple(problems))
    if as_json:
        world.document({"valid": True, "files": list(files)})
    else:
        world.out(f"{len(files)} files are valid" if len(files) != 1 else f"{Path(files[0]).name} is valid")
    return 0


def _home(world: World, *, needed: bool) -> Path:
    """Where playbooks' names are looked up; a path needs no home at all."""
    if needed:
        from remedy.cli.home import find_home  # noqa: PLC0415 — where it is used

        return find_home(world.asked_home, world.environ, world.cwd).path
    named = world.asked_home or world.environ.get("REMEDY_HOME", "")
    return world.cwd / named if named else world.cwd
