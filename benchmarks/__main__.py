"""`python -m benchmarks` lists the benchmarks; with a NAME it runs that one and prints a JSON line a comparison."""

import ast
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path


def benchmarks(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and first docstring line of each module that defines `comparisons`, by name; none is imported."""
    for path in sorted(folder.glob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(part, ast.FunctionDef) and part.name == "comparisons" for part in module.body):
            yield path.stem, (ast.get_docstring(module) or "").partition("\n")[0]


def main(arguments: list[str]) -> int:
    """Lists or runs; 2 for an unknown name, 1 if any outputs differ, else 0."""
    known = dict(benchmarks(Path(__file__).parent))
    if not arguments:
        for name, summary in known.items():
            print(f"{name:24s} {summary}")
        return 0
    name = arguments[0]
    if name not in known:
        print(f"expected one of {', '.join(known)}, got {name!r}; make bench lists them", file=sys.stderr)
        return 2
    equal = True
    for result in import_module(f"benchmarks.{name}").comparisons():
        print(result.to_json(), flush=True)
        equal = equal and result.equal
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
