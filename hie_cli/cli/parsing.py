"""What the command line takes that typer would pass over."""

from collections import Counter
from typing import Any

from hie_cli.cli.help import PlainCommand


class StrictCommand(PlainCommand):
    """A command that refuses a second value for an option that has room for one.

    typer takes the last value and says nothing, so ``--preset fast ... --preset best`` would run
    with ``best``.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See click; fails with one line where an option of a single value is repeated."""
        if not ctx.resilient_parsing:  # an unfinished line, which a shell completes
            _, _, given = self.make_parser(ctx).parse_args(args=list(args))
            for option, count in Counter(filter(_has_one_value, given)).items():
                if count > 1:
                    names = "/".join([*option.opts[:1], *option.secondary_opts[:1]])
                    ctx.fail(f"{names}: given {count} times; give it once")
        return super().parse_args(ctx, args)


def _has_one_value(parameter: Any) -> bool:
    """Whether a second value would replace the first: not for plain flags and repeatable ones."""
    if parameter.param_type_name != "option" or parameter.multiple:
        return False
    return not parameter.is_flag or bool(parameter.secondary_opts)
