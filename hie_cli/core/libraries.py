"""Libraries that would otherwise write outside hie's folders or reach for the network.

They are imported through these functions only (tests/test_architecture.py).
"""

import atexit
import os
import shutil
import tempfile
from typing import Any

from hie_cli.core.errors import ConfigError

_made: list[tuple[str, int]] = []  # folders of caches, each with the process that made it


def onnxruntime() -> Any:
    """ONNX Runtime with its telemetry off.

    Its official builds store a device id in the user's cache folder and report over the network,
    unless this variable is set before the library starts (its Privacy.md, "Disabling Telemetry").
    Child processes inherit it.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime as runtime

    return runtime


def matplotlib() -> Any:
    """matplotlib without a display, its caches in a folder that goes when the process ends.

    A folder that the user chose (MPLCONFIGDIR) stays.
    """
    if not os.environ.get("MPLCONFIGDIR"):
        caches = tempfile.mkdtemp(prefix="hie-matplotlib-")
        os.environ["MPLCONFIGDIR"] = caches
        _made.append((caches, os.getpid()))
    import matplotlib as library

    library.use("Agg")
    return library


def pyarrow() -> Any:
    """The optional package for parquet. Raises ConfigError where it is not installed."""
    try:
        import pyarrow as arrow
        import pyarrow.parquet
    except ImportError:
        raise ConfigError(
            "parquet needs pyarrow, which is not installed; pip install 'hie[parquet]' or use csv"
        ) from None
    return arrow


def h5py() -> Any:
    """The optional package for HDF5. Raises ConfigError where it is not installed."""
    try:
        import h5py as library
    except ImportError:
        raise ConfigError(
            "HDF5 files need h5py, which is not installed; pip install 'hie[summary]'"
        ) from None
    return library


def ray() -> Any:
    """The optional package for clusters, without usage statistics; ConfigError if missing."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray as library
    except ImportError:
        raise ConfigError(
            "--engine ray needs Ray, which is not installed; pip install 'hie[ray]'"
        ) from None
    return library


def fsspec() -> Any:
    """The optional package for files at addresses. Raises ConfigError where it is not installed."""
    try:
        import fsspec as library
        import fsspec.core
    except ImportError:
        raise ConfigError(
            "addresses need fsspec, which is not installed; pip install 'hie[cloud]'"
        ) from None
    return library


@atexit.register
def remove_caches() -> None:
    """Remove the folders of caches that this process made; at its end, or before ``os._exit``."""
    for folder, owner in _made:
        if os.getpid() == owner:  # a forked worker leaves it to its parent
            shutil.rmtree(folder, ignore_errors=True)
