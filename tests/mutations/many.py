"""Many rows in one program: each function that a row changes stands there once more with that change, and an
environment variable says which of them is called. So that hundreds of rows cost one run of the compiler."""

import re
from dataclasses import dataclass

from table import Row

# Says which row's function is called; 0 or nothing: none.
VARIABLE = "CERTROTD_MUTANT"
SWITCH = f"""
/// Which rule is taken out.
pub fn mutant() -> u32 {{
    static MUTANT: std::sync::LazyLock<u32> = std::sync::LazyLock::new(|| {{
        std::env::var("{VARIABLE}").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
    }});
    *MUTANT
}}
"""
HEAD = re.compile(r"^( *)((?:pub(?:\([^)]*\))? )?)(const )?(async )?fn (\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """Lines of a file, counted from one, that are there for a row."""

    file: str
    first: int
    last: int
    number: int


@dataclass(frozen=True)
class Function:
    start: int
    body: int  # right behind the opening brace
    end: int
    name: str
    call: str  # with the name left open


def woven(file: str, text: str, rows: list[tuple[int, Row]]) -> tuple[str, list[Place], list[int]]:
    """The file with every row in it that can be, where each stands, and the numbers of those that cannot."""
    left, taken = [], {}
    for number, row in rows:
        at = text.find(row.find)
        function = around(text, at, at + len(row.find))
        if function is None:
            left.append(number)
        else:
            taken.setdefault(function, []).append((number, row))
    places, grown, done = [], "", 0
    for function, of in sorted(taken.items(), key=lambda item: item[0].start):
        if function.start < done:
            left += [number for number, _ in of]
            continue
        grown += text[done : function.body]
        for number, _ in of:
            line = grown.count("\n") + 2
            grown += f"\n    if crate::mutant() == {number} {{ return {function.call.format(f'{function.name}__{number}')}; }}"
            places.append(Place(file, line, line, number))
        grown += text[function.body : function.end]
        for number, row in of:
            changed = text[function.start : function.end].replace(row.find, row.replace)
            changed = re.sub(rf"\bfn {function.name}\b", f"fn {function.name}__{number}", changed, count=1)
            first = grown.count("\n") + 2
            grown += "\n\n" + changed
            places.append(Place(file, first, grown.count("\n") + 1, number))
        done = function.end
    return grown + text[done:], places, left


def around(text: str, start: int, end: int) -> Function | None:
    """The innermost function that holds all of this, where it can be written down twice."""
    for head in reversed([head for head in HEAD.finditer(text) if head.start() <= start]):
        indent = head[1]
        close = re.compile(rf"^{indent}}}$", re.MULTILINE).search(text, head.end())
        if close is None or close.end() < end:
            continue
        opened = opening(text, head.end())
        if head[3] or is_of_trait(text, head.start(), indent) or opened is None or opened[1] > close.start():
            return None
        names = forwarded(opened[0])
        if names is None:
            return None
        method = bool(names) and names[0] == "self" or bool(indent) and is_method(text, head.start(), indent)
        call = ("Self::" if method else "") + "{}(" + ", ".join(names) + ")" + (".await" if head[4] else "")
        return Function(head.start(), opened[1], close.end(), head[5], call)
    return None


def opening(text: str, at: int) -> tuple[str, int] | None:
    """The arguments, and the place behind the brace that opens the body."""
    if text[at] == "<":
        at = balanced(text, at)
    if at is None or text[at] != "(":
        return None
    end = balanced(text, at)
    brace = text.find("{\n", end) if end else -1
    # Two functions that give `impl Iterator` give two different types.
    if brace < 0 or "impl " in text[end:brace]:
        return None
    return text[at + 1 : end - 1], brace + 1


def balanced(text: str, at: int) -> int | None:
    depth = 0
    for index in range(at, min(len(text), at + 4000)):
        if text[index] in "(<[{":
            depth += 1
        elif text[index] in ")]}" or text[index] == ">" and text[index - 1] not in "-=":
            depth -= 1
            if depth == 0:
                return index + 1
    return None


def forwarded(arguments: str) -> list[str] | None:
    """What the call of the other function hands on; nothing where a pattern takes an argument apart."""
    parts, depth, part = [], 0, ""
    for index, letter in enumerate(arguments):
        if letter in "(<[{":
            depth += 1
        elif letter in ")]}" or letter == ">" and arguments[index - 1] not in "-=":
            depth -= 1
        if letter == "," and depth == 0:
            parts, part = [*parts, part], ""
        else:
            part += letter
    names = []
    for part in (part.strip() for part in [*parts, part] if part.strip()):
        if re.fullmatch(r"(&(?:'\w+ )?)?(mut )?self", part):
            names.append("self")
            continue
        name = part.split(":")[0].strip().removeprefix("mut ")
        if not re.fullmatch(r"\w+|\([\w, ]+\)", name) or name == "_":
            return None
        names.append(name)
    return names


def is_of_trait(text: str, at: int, indent: str) -> bool:
    if not indent:
        return False
    outer = indent[4:]
    heads = re.findall(rf"^{outer}(?:unsafe )?(impl\b.*|trait\b.*|pub trait\b.*|mod .*|fn .*)$", text[:at], re.MULTILINE)
    return bool(heads) and ("trait" in heads[-1] or heads[-1].startswith("impl") and " for " in heads[-1])


def is_method(text: str, at: int, indent: str) -> bool:
    heads = re.findall(rf"^{indent[4:]}((?:impl|mod|(?:pub(?:\([^)]*\))? )?(?:async )?fn)\b.*)$", text[:at], re.MULTILINE)
    return bool(heads) and heads[-1].startswith("impl")
