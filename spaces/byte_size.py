"""How many bytes something takes, as people read it."""

BYTES = ("B", "kB", "MB", "GB", "TB")


def size(count: float) -> str:
    """Bytes, by thousands."""
    step = min(len(BYTES) - 1, (len(f"{count:.0f}") - 1) // 3)
    value = count / 1000**step
    return f"{value:.0f} {BYTES[step]}" if step == 0 or value >= 100 else f"{value:.1f} {BYTES[step]}"
