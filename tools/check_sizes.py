#!/usr/bin/env python3
"""Fail when a file is longer than 400 lines or a function than 60 without a reason in the lists below, or when more than
3 % of the files or functions are. Functions are found by their braces, comments and strings left out."""
import pathlib
import re
import sys

MOST_FILE, MOST_FUNCTION, MOST_SHARE = 400, 60, 0.03
FILE_REASONS = {}  # path: why it may be longer
FUNCTION_REASONS = {}  # "path:function": why it may be longer

NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\((?:.*?)\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)
NOT_FUNCTIONS = {"if", "for", "while", "switch", "catch", "return", "requires", "sizeof", "alignas", "decltype", "noexcept"}
SCOPES = re.compile(r"\b(namespace|class|struct|union|enum)\b[^()]*$|\bextern\s*$")
NAME = re.compile(r"([~\w:]+|operator\s*\S+?)\s*\(")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def functions(text):
    """(name, first line, lines) of every function body outside other functions."""
    text = NOISE.sub(blank, text)
    text = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", blank, text, flags=re.M)
    stack, head, inside = [], 0, None
    for at, char in enumerate(text):
        if char in ";":
            if inside is None:
                head = at + 1
        elif char == "{":
            before = text[head:at].strip()
            if inside is None:
                name = next((m.group(1) for m in NAME.finditer(before) if m.group(1) not in NOT_FUNCTIONS), None)
                scope = SCOPES.search(before) or not before
                if name and not scope and "=" not in before.split("(")[0]:
                    inside = (name, head + len(text[head:at]) - len(text[head:at].lstrip()), len(stack))
                else:
                    head = at + 1
            stack.append(char)
        elif char == "}" and stack:
            stack.pop()
            if inside is not None and len(stack) == inside[2]:
                first = text.count("\n", 0, inside[1]) + 1
                yield inside[0], first, text.count("\n", 0, at) + 2 - first
                inside = None
            if inside is None:
                head = at + 1


def main(root):
    files = long_files = count = long_functions = 0
    found = []
    for path in sorted(p for top in ("src", "apps", "bench", "tests") for p in (root / top).rglob("*")):
        if path.suffix not in {".h", ".cc", ".cu", ".cuh", ".inc"}:
            continue
        name = path.relative_to(root).as_posix()
        text = path.read_text(errors="replace")
        files += 1
        lines = text.count("\n")
        if lines > MOST_FILE:
            long_files += 1
            if name not in FILE_REASONS:
                found.append(f"{name}: {lines} lines (most: {MOST_FILE})")
        for function, line, length in functions(text):
            count += 1
            if length > MOST_FUNCTION:
                long_functions += 1
                if f"{name}:{function}" not in FUNCTION_REASONS:
                    found.append(f"{name}:{line}: {function} has {length} lines (most: {MOST_FUNCTION})")
    shares = long_files / max(files, 1), long_functions / max(count, 1)
    print("\n".join(found))
    print(f"files over {MOST_FILE} lines: {long_files} of {files} ({shares[0]:.1%}); "
          f"functions over {MOST_FUNCTION}: {long_functions} of {count} ({shares[1]:.1%}); most: {MOST_SHARE:.0%}")
    return 1 if found or max(shares) > MOST_SHARE else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
