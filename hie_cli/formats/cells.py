"""Text in cells of csv files that spreadsheets open."""

# A spreadsheet takes a cell that begins with one of these for a formula, and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_QUOTE = "'"


def escaped(text: str) -> str:
    """``text`` so that a spreadsheet shows it: an apostrophe before what it would run.

    Text that begins with apostrophes before such a character gets one more, so that ``plain`` gives
    back any text.
    """
    return f"{_QUOTE}{text}" if text.lstrip(_QUOTE).startswith(_FORMULA) else text


def plain(cell: str) -> str:
    """The text that ``escaped`` was given."""
    if cell.startswith(_QUOTE) and cell.lstrip(_QUOTE).startswith(_FORMULA):
        return cell[1:]
    return cell
