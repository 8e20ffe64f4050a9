"""The 14 HiEve person-level actions (humaninevents.org/format.html); files number them from 1."""

ACTIONS: tuple[str, ...] = (
    "walking-alone",
    "walking-together",
    "running-alone",
    "running-together",
    "riding",
    "sitting-talking",
    "sitting-alone",
    "queuing",
    "standing-alone",
    "gathering",
    "fighting",
    "fall-over",
    "walking-up-down-stairs",
    "crouching-bowing",
)
NUM_ACTIONS = 14

# Classes that w_AP counts as anomalous (arXiv 2005.04490, section on w_AP).
ANOMALOUS: tuple[int, ...] = tuple(
    ACTIONS.index(name) for name in ("fighting", "fall-over", "crouching-bowing")
)


def action_index(name: str) -> int | None:
    """0-based index of an action by name (any case, ``_`` or space for ``-``); None if unknown."""
    normal = name.strip().lower().replace("_", "-").replace(" ", "-")
    return ACTIONS.index(normal) if normal in ACTIONS else None
