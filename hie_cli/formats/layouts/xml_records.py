"""XML as plain records, without what XML can do beyond them: declarations are refused."""

import re
from typing import TYPE_CHECKING, Any, NoReturn
from xml.parsers import expat

from hie_cli.core.errors import input_error

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_DEPTH = 16
_FOREIGN_ENCODING = re.compile(rb'\s*<\?xml[^>]*encoding=["\'](?!utf-8|us-ascii)', re.IGNORECASE)


def parse_xml(data: bytes, label: str) -> Any:
    """An XML file as nested dicts (a repeated tag becomes a list; leaves are text).

    Raises InputError for broken XML and for any document type or entity declaration.
    """
    if b"<!" not in data and b"\0" not in data and not _FOREIGN_ENCODING.match(data[:200]):
        from xml.etree import ElementTree

        try:  # nothing is declared in it, so that the fast parser is as safe as ours
            root = ElementTree.fromstring(data)
        except (ElementTree.ParseError, ValueError, LookupError):
            return _parse_watchfully(data, label)  # which says where it is broken
        return {root.tag: _nested(root, label, 1)}
    return _parse_watchfully(data, label)


def _nested(element: "Element", label: str, depth: int) -> Any:
    """An element's children as a dict, or its text."""
    if depth > MAX_DEPTH:
        raise input_error(label, f"<{element.tag[:20]}>", "XML nested too deeply")
    children: dict[str, Any] = {}
    for child in element:
        value = _nested(child, label, depth + 1) if len(child) else (child.text or "").strip()
        tag = child.tag
        if tag not in children:
            children[tag] = value
        elif isinstance(children[tag], list):
            children[tag].append(value)
        else:
            children[tag] = [children[tag], value]
    return children or (element.text or "").strip()


def _parse_watchfully(data: bytes, label: str) -> Any:
    """The same by a parser that refuses declarations and names the line at fault."""
    root: dict[str, Any] = {}
    stack: list[dict[str, Any]] = [root]
    texts: list[list[str]] = [[]]

    def start(tag: str, _attributes: dict[str, str]) -> None:
        if len(stack) > MAX_DEPTH:
            raise input_error(label, f"line {parser.CurrentLineNumber}", "XML nested too deeply")
        stack.append({})
        texts.append([])

    def end(tag: str) -> None:
        children, text = stack.pop(), "".join(texts.pop()).strip()
        value: Any = children or text
        parent = stack[-1]
        if tag not in parent:
            parent[tag] = value
        elif isinstance(parent[tag], list):
            parent[tag].append(value)
        else:
            parent[tag] = [parent[tag], value]

    def refuse(*_: object) -> NoReturn:
        raise input_error(
            label,
            f"line {parser.CurrentLineNumber}",
            "declares a document type or entity; ground truth needs none, remove it",
        )

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda text: texts[-1].append(text)
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        problem = expat.errors.messages[error.code]
        raise input_error(label, f"line {error.lineno}", f"broken XML ({problem})") from None
    except (ValueError, LookupError) as error:  # an encoding that Python does not know
        raise input_error(label, "", f"broken XML ({error})") from None
    return root
