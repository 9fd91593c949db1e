"""A real S3 interface: moto's server in a process of its own, reached over HTTP by the real client."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from types import TracebackType

SCRIPT = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()  # until the one who started it closes the pipe, or is gone
"""


class Server:
    """Runs between enter and exit; `environment` is what a client needs to find it."""

    environment: dict[str, str]

    def __enter__(self) -> Server:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a line per request
            text=True,
        )
        assert self._process.stdout is not None
        port = int(self._process.stdout.readline())
        self.environment = client_environment(f"http://127.0.0.1:{port}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def bucket(self) -> str:
        """A new bucket, as a URL. The environment has to be set."""
        import s3fs

        name = f"bucket-{uuid.uuid4().hex[:12]}"
        s3fs.S3FileSystem().mkdir(name)
        return f"s3://{name}"


def client_environment(endpoint: str) -> dict[str, str]:
    """Variables that lead the client there, and away from whatever the user has."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
