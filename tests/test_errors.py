"""Errors: one line a problem, and nothing lost between processes."""

from __future__ import annotations

import inspect
import pickle

import pytest

from vigbook import errors
from vigbook.errors import CaseError, CutError, FilmError, Problem, UsageError, VigbookError


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (Problem(found="is not there"), "is not there"),
        (Problem(found="is not there", mend="look"), "is not there; look"),
        (Problem(found="is empty", file="a.yaml"), "a.yaml: is empty"),
        (Problem(found="is empty", file="a.yaml", line=3), "a.yaml:3: is empty"),
        (Problem(found="is empty", field="clips[2].start"), "clips[2].start: is empty"),
        (
            Problem(found="is no time", mend="mend it", file="a.yaml", line=3, field="clips"),
            "a.yaml:3 clips: is no time; mend it",
        ),
    ],
)
def test_a_problem_reads_as_place_found_and_mend(problem: Problem, expected: str) -> None:
    assert str(problem) == expected


def test_a_problem_is_one_line_whatever_was_typed() -> None:
    problem = Problem(file="a.yaml", field="name", found="'Mia\n  and\r\nSam\u2028'  is wrong")
    assert str(problem) == "a.yaml name: 'Mia and Sam ' is wrong"


def test_a_problem_has_every_key_in_json() -> None:
    problem = Problem(file="a.yaml", line=3, field="x", found="is empty", mend="fill it")
    assert problem.as_json() == {
        "file": "a.yaml", "line": 3, "field": "x", "found": "is empty", "mend": "fill it",
    }  # fmt: skip
    assert Problem(found="is empty").as_json() == {
        "file": None, "line": None, "field": None, "found": "is empty", "mend": "",
    }  # fmt: skip


def test_an_error_says_each_problem_on_its_own_line() -> None:
    first, second = Problem(file="a", found="is empty"), Problem(file="b", found="is not there")
    error = CaseError([first, second])
    assert error.problems == (first, second)
    assert str(error) == "a: is empty\nb: is not there"


def test_an_error_can_be_made_of_plain_words() -> None:
    error = UsageError("there is nobody 'dad'", "use one of: mum")
    assert error.problems == (Problem(found="there is nobody 'dad'", mend="use one of: mum"),)
    assert str(error) == "there is nobody 'dad'; use one of: mum"


def _tree() -> list[type[VigbookError]]:
    classes = [one for _, one in inspect.getmembers(errors, inspect.isclass)]
    return [one for one in classes if issubclass(one, VigbookError)]


@pytest.mark.parametrize("kind", _tree())
def test_every_error_crosses_between_processes_whole(kind: type[VigbookError]) -> None:
    error = kind([Problem(file="a", line=1, found="is empty"), Problem(found="is not there")])
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), back.problems, str(back)) == (kind, error.problems, str(error))


def test_the_tree_that_the_module_draws_is_the_tree_there_is() -> None:
    assert issubclass(CutError, FilmError)
    drawn = {word for word in (errors.__doc__ or "").split() if word.endswith("Error")}
    assert drawn == {one.__name__ for one in _tree()}
    documented = [one for one in _tree() if inspect.getdoc(one)]
    assert documented == _tree()
