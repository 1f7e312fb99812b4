"""Fixtures of the end-to-end tests."""

from pathlib import Path

import pytest

from tests.e2e.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    folder = tmp_path / "home"
    folder.mkdir()
    return Home(folder)
