"""The table of faults is true: it is made from the tests, and no row is empty without saying why."""

import re

from tests import fault_table


def test_the_page_is_as_the_tests_are() -> None:
    assert fault_table.PAGE.read_text() == fault_table.page(), "run: python -m tests.fault_table"


def test_every_fault_has_a_test_or_says_what_is_left() -> None:
    empty = [line for line in fault_table.page().splitlines() if re.fullmatch(r"\| \d+ \| .* \| — \|  \|", line)]
    assert empty == []
