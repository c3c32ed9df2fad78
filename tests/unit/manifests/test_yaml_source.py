"""YAML that is refused, each time with its place, and YAML that is read as JSON would be."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from pytest_hostnet.manifests.yaml_source import MOST_BYTES, SourceError, parse, read

FILE = Path("a.yaml")


def data(text: str):
    return [document.data for document in parse(text, FILE)]


def refusal(text: str) -> str:
    with pytest.raises(SourceError) as caught:
        parse(text, FILE)
    return str(caught.value)


def test_plain_values_are_read() -> None:
    text = "a: 1\nb: [x, true, null, 1.5]\nc: {d: 'yes'}\n"
    assert data(text) == [{"a": 1, "b": ["x", True, None, 1.5], "c": {"d": "yes"}}]


def test_empty_documents_are_left_out() -> None:
    assert data("---\n---\na: 1\n---\n# nothing\n---\nb: 2\n") == [{"a": 1}, {"b": 2}]


def test_timestamps_stay_text() -> None:
    assert data("at: 2024-05-01\nnow: 2024-05-01T10:00:00Z\n") == [
        {"at": "2024-05-01", "now": "2024-05-01T10:00:00Z"}
    ]


def test_aliases_are_expanded() -> None:
    assert data("a: &x {c: 1}\nb: *x\n") == [{"a": {"c": 1}, "b": {"c": 1}}]


def test_every_value_knows_its_line() -> None:
    (document,) = parse("# comment\na:\n  b:\n  - x\n  - c: 1\n", FILE)
    assert document.at(("a",)) == "a.yaml:3"
    assert document.at(("a", "b", 1, "c")) == "a.yaml:5"
    assert document.at(("a", "b", 7, "missing")) == "a.yaml:4"


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    tracemalloc.start()
    started = time.monotonic()
    with pytest.raises(SourceError) as caught:
        read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.monotonic() - started < 1
    assert peak < MOST_BYTES
    assert str(caught.value) == f"{path}: 100000000 bytes\n  expected: at most 1000000 bytes"


def test_an_alias_bomb_is_refused_quickly() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for n in range(1, 12):
        bomb += f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n"
    started = time.monotonic()
    text = refusal(bomb)
    assert time.monotonic() - started < 3
    assert text == "a.yaml:1: over 200000 values once aliases are expanded"


def test_an_alias_of_itself_is_refused() -> None:
    assert refusal("a: &x [*x]\n") == "a.yaml:1: nested deeper than 60 levels"


@pytest.mark.parametrize("depth", [62, 5_000, 499_000])
@pytest.mark.parametrize("one", ["[", "- ", "{a: "])
def test_deep_nesting_is_refused(depth: int, one: str) -> None:
    started = time.monotonic()
    text = refusal((one * depth)[:MOST_BYTES])
    assert text == "a.yaml:1: nested deeper than 60 levels"
    assert time.monotonic() - started < 1


def test_nesting_as_deep_as_allowed_is_read() -> None:
    assert len(data("[" * 61 + "]" * 61)) == 1


def test_too_many_documents_are_refused() -> None:
    assert refusal("a: 1\n---\n" * 201) == "a.yaml: over 200 documents"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("a: 1\nb: !!python/object:os.system {}\n", "tag:yaml.org,2002:python/object:os.system"),
        ("a: 1\nb: !!set {x: null}\n", "tag:yaml.org,2002:set"),
        ("a: 1\nb: !Custom [1]\n", "!Custom"),
    ],
)
def test_a_tag_that_makes_objects_is_refused(text: str, tag: str) -> None:
    assert refusal(text) == (f"a.yaml:2: tag {tag!r}\n  expected: plain mappings, lists and values")


def test_a_tag_that_calls_code_runs_nothing(tmp_path: Path) -> None:
    made = tmp_path / "made"
    text = f"a: !!python/object/apply:os.system ['touch {made}']\n"
    assert refusal(text).startswith("a.yaml:1: tag 'tag:yaml.org,2002:python/object/apply:os.sys")
    assert not made.exists()


def test_a_scalar_with_a_foreign_tag_is_refused() -> None:
    assert refusal("a: !!python/name:os.system ''\n") == (
        "a.yaml:1: '' with tag 'tag:yaml.org,2002:python/name:os.system' is not a plain value\n"
        "  expected: text, a number, true, false or null"
    )


def test_a_duplicate_key_is_refused_at_its_second_place() -> None:
    assert refusal("a: 1\nb: 2\na: 3\n") == "a.yaml:3: the key 'a' is there twice"


@pytest.mark.parametrize(
    ("key", "what"),
    [("n", "a boolean"), ("Y", "a boolean"), ("on", "a boolean"), ("80", "a number")],
)
def test_a_key_that_is_no_text_is_refused(key: str, what: str) -> None:
    assert refusal(f"a:\n  {key}: 1\n") == (
        f"a.yaml:2: the key {key!r} is {what} in YAML 1.1\n"
        f'  expected: text\n  next:     put it in quotes: "{key}"'
    )


def test_one_letter_is_a_boolean_unless_quoted_as_for_kubectl() -> None:
    assert data("[y, n, Y, N, 'n', \"y\", ny]\n") == [[True, False, True, False, "n", "y", "ny"]]


def test_a_key_that_is_null_or_a_date_is_refused() -> None:
    assert refusal("~: 1\n").startswith("a.yaml:1: the key '~' is null in YAML 1.1")
    assert refusal("2024-05-01: 1\n").startswith("a.yaml:1: the key '2024-05-01' is a date")


def test_a_key_that_is_a_structure_is_refused() -> None:
    assert "a.yaml:1: " in refusal("? [a, b]\n: 1\n")


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("a: 1\n b: 2\n", "a.yaml:2", "mapping values are not allowed in this context"),
        ("a: [1, 2\nb: 3\n", "a.yaml:2", "did not find expected ',' or ']'"),
        ("a: 'open\n", "a.yaml:2", "found unexpected end of stream"),
        ("a: 1\n\tb: 2\n", "a.yaml:2", "found a tab character that violates indentation"),
        ("a: *missing\n", "a.yaml:1", "found undefined alias"),
    ],
)
def test_broken_yaml_is_refused_with_its_line(text: str, place: str, problem: str) -> None:
    said = refusal(text)
    assert said.startswith(f"{place}: not valid YAML: ")
    assert problem in said
    assert said.endswith("\n  next:     check the indentation and quoting at that line")


def test_an_empty_file_has_no_documents(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.touch()
    assert read(path) == []


def test_bytes_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: caf\xe9\n")
    with pytest.raises(SourceError) as caught:
        read(path)
    assert str(caught.value) == f"{path}: byte 6 is not UTF-8"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    with pytest.raises(SourceError) as caught:
        read(path)
    assert str(caught.value) == f"{path}: No such file or directory\n  expected: a YAML file"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Is a directory"):
        read(tmp_path)


def test_control_characters_are_refused() -> None:
    assert refusal("a: \x00b\n").startswith("a.yaml")
