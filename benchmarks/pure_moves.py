"""Tells whether a commit only moved modules: all but imports must be as it was.

    python benchmarks/pure_moves.py COMMIT

Each Python file of the package is taken apart, its imports and its folder's docstring left out,
names of modules in strings put as they were, line breaks of
docstrings passed over, and `Path(__file__)` allowed as many more parents as
its file lies deeper; the rest must be alike, node by node.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys


def git(*arguments: str) -> str:
    """Returns what git says."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def list_moves(commit: str) -> dict[str, str]:
    """Returns the old path of each Python file of the package, by its path in a commit."""
    lines = git("diff", "-M20%", "--name-status", f"{commit}~1", commit, "--", "vigbook")
    moves = {}
    for line in lines.splitlines():
        state, *paths = line.split("\t")
        if paths[-1].endswith(".py"):
            moves[paths[-1]] = "" if state == "A" else paths[0]
    return moves


class _Bare(ast.NodeTransformer):
    """Takes imports out, and puts the names of modules as they were."""

    def __init__(self, names: dict[str, str], deeper: int) -> None:
        self.names, self.deeper = names, deeper

    def rename(self, text: str) -> str:
        """Returns a text with modules called as before the move."""
        for new in sorted(self.names, key=len, reverse=True):
            text = re.sub(rf"(?<![\w.]){re.escape(new)}\b", self.names[new], text)
        return text

    def visit_Import(self, _node: ast.Import) -> None: ...

    def visit_ImportFrom(self, _node: ast.ImportFrom) -> None: ...

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            words = " ".join(node.value.value.split())  # a docstring may break elsewhere
            return ast.Expr(ast.Constant(self.rename(words)))
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(self.rename(node.value)) if isinstance(node.value, str) else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        found, climbed = ast.unparse(node), ".parent" * self.deeper
        if self.deeper and re.fullmatch(r"Path\(__file__\)(\.parent)+", found):
            return ast.parse(found.removesuffix(climbed), mode="eval").body
        return self.generic_visit(node)


def take_bare(source: str, names: dict[str, str], deeper: int) -> str:
    """Returns a file's tree without what a move may change."""
    return ast.dump(_Bare(names, deeper).visit(ast.parse(source)), indent=1)


def to_module(path: str) -> str:
    """Returns the dotted name of a file's module."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def main() -> int:
    """Compares every file of a commit with what it was."""
    commit = sys.argv[1]
    moves = list_moves(commit)
    names = {to_module(new): to_module(old) for new, old in moves.items() if old}
    wrong = []
    for new, old in moves.items():
        after = git("show", f"{commit}:{new}")
        if not old:
            (face,) = ast.parse(after).body  # a new room's face is one docstring
            assert isinstance(face, ast.Expr)
            continue
        before = git("show", f"{commit}~1:{old}")
        deeper = new.count("/") - old.count("/")
        if take_bare(before, {}, 0) != take_bare(after, names, deeper):
            wrong.append(f"{old} -> {new}")
    print("\n".join(wrong))
    print(f"{len(moves)} files, {len(wrong)} changed otherwise")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
