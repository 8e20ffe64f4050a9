import os
import socket
from pathlib import Path

import pytest

from hie_cli.core.endless import is_endless


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipes_devices_and_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is limited to about 100 characters
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("pipe")
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for name in ("pipe", "link", "socket", "/dev/null"):
            assert is_endless(Path(name)), name
    for name in ("file", "."):
        assert not is_endless(Path(name)), name
    with pytest.raises(FileNotFoundError):
        is_endless(Path("missing"))
