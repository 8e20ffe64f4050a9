import tomllib

import hie_cli
from hie_cli.core.version import __version__
from tests.support.paths import ROOT


def test_the_version_is_the_package_s():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert __version__ == project["version"] == hie_cli.__version__
