"""Every verb is another spelling of one helper: nothing of its own, nothing renamed."""

from __future__ import annotations

import inspect

import pytest

import pytest_hostnet
from pytest_hostnet.scenario.actions import ACTIONS
from pytest_hostnet.scenario.checks import CHECKS
from pytest_hostnet.scenario.model import VERBS
from pytest_hostnet.scenario.verb import Verb

FIRST = {"pods": "pods", "service": "service"}


def parameters(verb: type[Verb]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(verb.helper).parameters)


@pytest.mark.parametrize(("name", "verb"), CHECKS.items(), ids=CHECKS)
def test_a_check_is_its_helper_without_assert(name: str, verb: type[Verb]) -> None:
    assert verb.helper.__name__ == f"assert_{name}"
    assert getattr(pytest_hostnet, f"assert_{name}") is verb.helper


@pytest.mark.parametrize(("name", "verb"), VERBS.items(), ids=VERBS)
def test_every_key_is_a_parameter_of_the_helper(name: str, verb: type[Verb]) -> None:
    assert set(verb.model_fields) <= set(parameters(verb))


@pytest.mark.parametrize(("name", "verb"), CHECKS.items(), ids=CHECKS)
def test_every_parameter_of_a_helper_is_a_key(name: str, verb: type[Verb]) -> None:
    assert set(parameters(verb)) - {"namespace"} == set(verb.model_fields)


@pytest.mark.parametrize(("name", "verb"), VERBS.items(), ids=VERBS)
def test_a_key_is_required_where_the_helper_requires_it(name: str, verb: type[Verb]) -> None:
    for key, field in verb.model_fields.items():
        required = parameters(verb)[key].default is inspect.Parameter.empty
        assert field.is_required() == required, key


@pytest.mark.parametrize(("name", "verb"), CHECKS.items(), ids=CHECKS)
def test_a_default_is_left_to_the_helper(name: str, verb: type[Verb]) -> None:
    for key, field in verb.model_fields.items():
        assert field.is_required() or field.default is None, key


@pytest.mark.parametrize(("name", "verb"), VERBS.items(), ids=VERBS)
def test_a_shorthand_is_a_key_and_the_only_required_one(name: str, verb: type[Verb]) -> None:
    if verb.shorthand:
        required = {key for key, field in verb.model_fields.items() if field.is_required()}
        assert required == {verb.shorthand}


@pytest.mark.parametrize(("name", "verb"), VERBS.items(), ids=VERBS)
def test_every_verb_says_what_it_does(name: str, verb: type[Verb]) -> None:
    assert (verb.__doc__ or "").rstrip().endswith(".")


def test_every_helper_is_a_verb() -> None:
    helpers = {name for name in pytest_hostnet.__all__ if name.startswith("assert_")}
    assert helpers == {f"assert_{name}" for name in CHECKS}


def test_an_action_and_a_check_share_no_name() -> None:
    assert not ACTIONS.keys() & CHECKS.keys()
    assert list(VERBS) == [*ACTIONS, *CHECKS]


def test_every_public_name_can_be_had() -> None:
    for name in pytest_hostnet.__all__:
        assert getattr(pytest_hostnet, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'assert_nothing'"):
        _ = pytest_hostnet.assert_nothing
