"""Functions made of text, as dataclasses make theirs: for the few loops in which a general one takes twice as long."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def function(lines: Sequence[str], known: Mapping[str, Any]) -> Callable[[Any], Any]:
    """The function of one argument, `it`, whose body these lines are. It sees what is `known` by its names.

    Whatever comes from outside must stand in `known`, or in the lines by its `repr`.
    """
    body = "\n".join(f"    {line}" for line in lines)
    made: dict[str, Any] = {"__builtins__": {}, **known}
    exec(f"def made(it):\n{body}", made)  # noqa: S102
    function: Callable[[Any], Any] = made["made"]
    return function
