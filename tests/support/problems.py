"""What an error says."""

from __future__ import annotations

import pytest

from spaces.errors import Problem, TaskmixError


def problem(error: pytest.ExceptionInfo[TaskmixError]) -> Problem:
    """The one problem of an error."""
    (found,) = error.value.problems
    return found
