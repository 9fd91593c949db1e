"""A word to whoever waits: when a search has ended, its line is posted to the address in $TASKMIX_WEBHOOK."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable, Mapping

from search.answers.status import SearchLine

URL = "TASKMIX_WEBHOOK"
SECONDS = 10.0


def tell(draw: Callable[[], SearchLine], say: Callable[[str], None], environ: Mapping[str, str] = os.environ) -> None:
    """Post a search's line as JSON, with a sentence under `text`, which chats show. Does nothing without an address.

    Args:
        draw: makes the line that `status` has; not asked without an address.
        say: told when it did not arrive; the address, which is a secret, is left out.
    """
    url = environ.get(URL, "")
    if not url:
        return
    line = draw()
    text = f"{line.search}: {line.state}"
    if line.recipes is not None and line.work_items is not None:
        text += f"; {line.recipes.used} recipes in {line.work_items.total} work items"
        text += f", {line.work_items.failed} of them failed" if line.work_items.failed else ""
    body = json.dumps({"text": text, **line.to_json()}).encode()
    try:
        if not url.startswith(("http://", "https://")):
            raise ValueError("it is no address of http:// or https://")
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=SECONDS):
            pass
    except (OSError, ValueError) as error:
        say(f"{URL} was not told: {str(error).replace(url, '...')}")
