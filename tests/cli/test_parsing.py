"""What the command line refuses before a command runs."""

import pytest

from hie_cli.cli.app import run
from hie_cli.core.errors import ConfigError


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run a.mp4 --preset fast --preset best", "run: --preset: given 2 times; give it once"),
        ("run a.mp4 -o a --output b -o c", "run: --output: given 3 times"),
        ("eval a --truth b --csv --latex", "eval: --csv/--latex: given 2 times"),
        ("eval --truth b --compare a b --compare c d", "eval: --compare: given 2 times"),
        ("models show nanodet --preset fast --preset best", "models show: no such option"),
    ],
)
def test_an_option_with_one_value_is_given_once(line: str, words: str):
    with pytest.raises(ConfigError) as caught:
        run(line.split())
    assert str(caught.value).startswith(words), caught.value


def test_flags_and_repeatable_options_may_be_repeated(capsys):
    line = "config show --json --json --set detect.min_score=.3 --set detect.budget=2"
    assert run(line.split()) == 0
    assert '"min_score": 0.3' in capsys.readouterr().out
