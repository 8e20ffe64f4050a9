"""Damage to files: bytes of any, values of JSON, fields of tables, tags of XML, lines of YAML."""

import copy
import json
import random
import re
from collections.abc import Callable
from typing import Any

Mutation = Callable[[bytes, random.Random], bytes]

TOKENS = [
    *(b"NaN", b"Infinity", b"-", b"1e999", b"1e308", b"-1", b"0", b"0x10", b"9" * 25, b"9" * 400),
    *(b"9" * 5000, b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\ud800", b"\\u0000"),
    *(b"[", b"]", b"{", b"}", b'"', b"'", b",", b";", b"\n", b"\r", b"\t", b"\x1b[2J", b"../../x"),
    *(b"[" * 5000, b'{"a":' * 2000, b"<a>" * 2000, b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;"),
    *(b"<![CDATA[", b"null", b"true", b"x" * 200_000, b"/etc/passwd", b"\xe2\x80\xae"),
    *(
        b"*a",
        b"&a [*a]",
        b"!!python/name:os.system",
        b"2020-01-01",
        b"2020-13-41T99:99:99",
        b"<<: 1",
    ),
    *(b"0b1", b"1_000", b"12:30:45", b".inf", b"~", b"? ", b"- ", b"|", b">", b"%YAML 1.1"),
]
JUNK: list[Any] = [
    *(None, True, False, -1, 0, 1, 15, 10**6, 10**30, 10**400, -(10**30), 1e308, -1e308, 1e-320),
    *("", "x", "1", "../x", "a\0b", "\ud800", "\x1b[31m", "x" * 5000, "=1+1"),
    *([], [[]], {}, [None], [{}], ["1"], [1, 2], {"a": 1}, [[[[[[]]]]]], [0] * 3000),
]
CELLS = [
    *("", " ", "x", "nan", "inf", "-inf", "-1", "0", "1e999", "1e308", "9" * 400, "1.5", "0x1"),
    *("\0", '"', '"a\nb', "=cmd()", "\u202e", "1,2", "1;2", "x" * 200_000, "١٢", "1_0", "1e-400"),
]


def damage_bytes(data: bytes, rng: random.Random) -> bytes:
    """A few bytes changed, lost, doubled or inserted, or the end cut off."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        place = rng.randrange(len(out) + 1)
        length = rng.choice([1, 2, 5, 30, 300])
        kind = rng.randrange(6)
        if kind == 0 and place < len(out):
            out[place] = rng.randrange(256)
        elif kind == 1:
            del out[place : place + length]
        elif kind == 2:
            out[place:place] = rng.choice(TOKENS)
        elif kind == 3:
            out[place:place] = out[place : place + length] * rng.choice([1, 2, 50])
        elif kind == 4:
            other = rng.randrange(len(out) + 1)
            out[place:place] = out[other : other + length]
        elif rng.random() < 0.5:
            del out[place:]
    return bytes(out)


def damage_json(data: bytes, rng: random.Random) -> bytes:
    """Values of another kind, keys lost, doubled or renamed; sometimes laid out line by line."""
    try:
        value = json.loads(data)
    except ValueError:
        return damage_bytes(data, rng)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        places = _places(value)
        if not places:
            break
        holder, key = rng.choice(places)
        kind = rng.randrange(6)
        if kind <= 2:
            holder[key] = copy.deepcopy(rng.choice(JUNK))
        elif kind == 3:
            del holder[key]
        elif kind == 4 and isinstance(holder, list):
            holder.extend(holder[key : key + 1] * rng.choice([1, 3]))
        else:
            source, name = rng.choice(places)
            holder[key] = source.get(name) if isinstance(source, dict) else _item(source, name)
            value = _acyclic(value)
    return _dumped(value, rng)


def _item(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None


def _acyclic(value: Any) -> Any:
    """A copy; a value that now holds itself becomes null."""
    try:
        return json.loads(json.dumps(value))
    except (ValueError, RecursionError):
        return None


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value, as (container, key)."""
    if not isinstance(value, dict | list):
        return []
    places: list[tuple[Any, Any]] = []
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        places.append((value, key))
        places += _places(item)
    return places


def _dumped(value: Any, rng: random.Random) -> bytes:
    """As text; an annolist with a header often as our writer lays it out."""
    try:
        if (
            isinstance(value, dict)
            and isinstance(value.get("annolist"), list)
            and rng.random() < 0.7
        ):
            head = {k: v for k, v in value.items() if k != "annolist"}
            start = json.dumps(head, separators=(",", ":"))[:-1]
            lines = [("," if i else "") + json.dumps(e) for i, e in enumerate(value["annolist"])]
            comma = "," if head else ""
            text = f'{start}{comma}"annolist":[\n' + "\n".join(lines) + "\n]}\n"
        else:
            text = json.dumps(value, indent=rng.choice([None, 1]))
    except (ValueError, RecursionError):
        text = "{}"
    return text.encode("utf-8", "surrogatepass")


def damage_table(data: bytes, rng: random.Random) -> bytes:
    """Fields replaced, lost or added; lines lost, doubled or moved; another separator."""
    text = data.decode("utf-8", "replace")
    separator = "," if "," in text else " "
    lines = text.split("\n")
    for _ in range(rng.choice([1, 1, 2, 6])):
        row = rng.randrange(len(lines))
        fields = lines[row].split(separator)
        place = rng.randrange(len(fields))
        kind = rng.randrange(8)
        if kind <= 2:
            fields[place] = rng.choice(CELLS)
        elif kind == 3:
            del fields[place]
        elif kind == 4:
            fields.insert(place, rng.choice(CELLS))
        lines[row] = (rng.choice([" ", ";", "\t", ",,"]) if kind == 5 else separator).join(fields)
        if kind == 6:
            lines.insert(rng.randrange(len(lines) + 1), lines[row])
        elif kind == 7 and len(lines) > 1:
            del lines[row]
    return rng.choice(["\n", "\n", "\r\n", "\r"]).join(lines).encode("utf-8", "surrogatepass")


def damage_xml(data: bytes, rng: random.Random) -> bytes:
    """Texts of elements replaced, elements doubled, lost or renamed."""
    text = data.decode("utf-8", "replace")
    found = list(re.finditer(r"<([A-Za-z-]+)>([^<]*)</\1>", text))
    if not found:
        return damage_bytes(data, rng)
    match = rng.choice(found)
    kind = rng.randrange(5)
    cell = rng.choice([*CELLS, "1,2,3", "0,0,5", "P-", "P-1", "riding", "-1,-1,-1"])
    changed = {
        0: f"<{match[1]}>{cell}</{match[1]}>",
        1: match[0] * rng.choice([2, 30]),
        2: "",
        3: f"<x{match[1]}>{match[2]}</x{match[1]}>",
        4: f"<{match[1]}><a>{match[2]}</a></{match[1]}>",
    }[kind]
    return (text[: match.start()] + changed + text[match.end() :]).encode("utf-8", "surrogatepass")


def damage_yaml(data: bytes, rng: random.Random) -> bytes:
    """Values and keys of lines replaced, lines lost, doubled or moved in."""
    lines = data.decode("utf-8", "replace").split("\n")
    for _ in range(rng.choice([1, 1, 2, 4])):
        row = rng.randrange(len(lines))
        key, colon, value = lines[row].partition(":")
        token = rng.choice(TOKENS).decode("utf-8", "replace")
        kind = rng.randrange(6)
        if kind <= 1:
            lines[row] = f"{key}: {token}"
        elif kind == 2:
            lines[row] = f"{token}{colon}{value}"
        elif kind == 3:
            lines.insert(rng.randrange(len(lines) + 1), lines[row])
        elif kind == 4:
            lines[row] = rng.choice(["  ", "\t", "- "]) + lines[row]
        else:
            lines[row : row + 1] = []
        lines = lines or [""]
    return "\n".join(lines).encode()
