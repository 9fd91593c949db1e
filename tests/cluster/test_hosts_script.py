"""The script with which a person follows docs/cluster.md on hosts of this machine. Run by hand, as root."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import hosts

pytestmark = [
    pytest.mark.slow,
    pytest.mark.ray,
    pytest.mark.skipif(not hosts.can_be_made(), reason="network namespaces cannot be made: root alone can"),
]


def test_the_docs_from_nothing_to_a_head_that_was_killed(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("h")  # short: names of sockets are below it
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [str(Path(__file__).with_name("hosts.sh")), str(folder)]
    done = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=1800)
    print(done.stdout)
    assert done.returncode == 0, f"{done.stdout[-5000:]}\n{done.stderr[-3000:]}"
    assert "all is as docs/cluster.md says" in done.stdout
