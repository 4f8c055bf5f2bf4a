"""Reading Storm's explicit format: one file of a Markov chain or decision process, with its rewards and labels.

    @type: MDP
    @parameters

    @reward_models
    steps
    @nr_states
    2
    @nr_choices
    3
    @model
    state 0 [1] init
        action wait [0]
            0 : 1
        action go [0.5]
            0 : 1/4
            1 : 3/4
    state 1 [0] done
        action stay [0]
            1 : 1

Numbers in brackets are rewards, one for each reward model: what each step from the state, or with the action, pays.

Source: https://www.stormchecker.org/documentation/background/drn.html
"""

import shlex
from array import array
from os import PathLike
from typing import Any, Final

import numpy as np

from planners.arguments import shown
from planners.errors import InvalidModelError, InvalidOptionError
from planners.readers.choices import Choices, tables
from planners.readers.text_lines import TextLines

TYPES: Final = ("DTMC", "MDP")
VALUE_TYPES: Final = ("double", "rational")
MOST_KNOWN: Final = 10_000
SECTIONS: Final = ("@parameters", "@placeholders", "@reward_models", "@nr_states", "@nr_choices", "@model")


def read_drn(path: str | PathLike[str], reward: str | None = None, normalise: bool = False) -> dict[str, Any]:
    """Tables of `TabularMDP` from a file in Storm's explicit format, of a DTMC or an MDP.

    Rewards of a state and of an action are added. No episode ends: a state that is never left leads to itself. Names
    of actions are not kept; they are numbered from 0 in each state. Labels are kept, and can be used as goals.

    Args:
        path: The file.
        reward: Which reward model to read; None: the only one, or 0 where there is none.
        normalise: Whether rows that are off 1 by no more than .01 are scaled to it.

    Raises:
        InvalidModelError: What is no such file, with the line; another type of model, or one with parameters.
        InvalidOptionError: No such reward model, or several and none chosen; with their names.
        NotEnoughMemoryError: It does not fit.

    Cost: about 2 seconds for 10^6 lines.
    """
    file = _DrnFile(TextLines(path, comment="//"))
    file.read(reward)
    lines = file.lines
    if file.num_states is None or file.state < 0:
        raise InvalidModelError(f"{lines.path} is no model in Storm's explicit format: it has no @model with states")
    if file.state + 1 != file.num_states:
        lines.refuse(f"there are {file.state + 1} states; @nr_states says {file.num_states}")
    if file.num_choices not in (None, len(file.rewards)):
        lines.refuse(f"there are {len(file.rewards)} choices; @nr_choices says {file.num_choices}")
    entries = file.choices().entries(lines, file.num_states, normalise)
    rewards = np.zeros(entries.shape)
    rewards[np.frombuffer(file.states, np.int64), np.frombuffer(file.actions, np.int64)] = np.frombuffer(file.rewards)
    return tables(entries, rewards, {name: np.frombuffer(found, np.int64) for name, found in file.labels.items()})


class _DrnFile:
    """What has been read of a file so far."""

    def __init__(self, lines: TextLines) -> None:
        self.lines = lines
        self.num_states: int | None = None
        self.num_choices: int | None = None
        self.reward_models: list[str] = []
        self.placeholders: dict[str, str] = {}
        self.next_states, self.probabilities = array("q"), array("d")  # of each transition
        self.states, self.actions, self.rewards = array("q"), array("q"), array("d")  # of each choice
        self.begins, self.places = array("q"), array("q")  # first transition and line of each choice
        self.labels: dict[str, array[int]] = {}
        self.state, self.action, self.state_reward = -1, -1, 0.0
        self.known_rewards: dict[str, float] = {}  # most are the same few

    def read(self, reward: str | None) -> None:
        section, place = "", 0
        for text in self.lines:
            if section == "@model":
                self._model_line(text, place)
            elif text.startswith("@"):
                section = self._section(text, section)
                if section == "@model":
                    place = self._chosen(reward)
            else:
                self._header_line(text, section)
        self._check_filled()

    def _section(self, text: str, before: str) -> str:
        name, _, value = text.partition(":")
        if not before and name != "@type":
            self.lines.refuse(f"the file begins with {text!r:.60}; expected '@type: MDP' or '@type: DTMC'")
        allowed = {"@type": TYPES, "@value_type": VALUE_TYPES}.get(name)
        if allowed is not None:
            if value.strip() not in allowed:
                self.lines.refuse(f"{name} is {value.strip()!r:.60}; expected {' or '.join(allowed)}")
        elif text not in SECTIONS:
            self.lines.refuse(f"there is a section {text!r:.60}; expected {', '.join(SECTIONS)}")
        if name == "@model" and self.num_states is None:
            self.lines.refuse("@model comes before @nr_states; expected the number of states first")
        return name

    def _header_line(self, text: str, section: str) -> None:
        if section == "@reward_models":
            self.reward_models += text.split()
        elif section == "@nr_states":
            self.num_states = self.lines.whole(text, "the number of states")
        elif section == "@nr_choices":
            self.num_choices = self.lines.whole(text, "the number of choices")
        elif section == "@placeholders":
            name, _, value = text.partition(":")
            self.placeholders[name.strip()] = value.strip()
        elif section == "@parameters":
            self.lines.refuse(f"the model has the parameters {text!r:.60}; expected none: give them numbers in Storm")
        else:
            self.lines.refuse(f"there is {text!r:.60}; expected a section such as @nr_states")

    def _chosen(self, reward: str | None) -> int:
        """The place of the reward model among those of the file; -1 where there is none."""
        named = ", ".join(map(repr, self.reward_models))[:400]
        if reward is None:
            if len(self.reward_models) > 1:
                raise InvalidOptionError(f"{self.lines.path} has the reward models {named}; choose one with reward=")
            return len(self.reward_models) - 1
        if not isinstance(reward, str) or reward not in self.reward_models:
            raise InvalidOptionError(
                f"reward is {shown(reward)}; expected {named or 'None'}: those are in {self.lines.path}"
            )
        return self.reward_models.index(reward)

    def choices(self) -> Choices:
        """All transitions."""
        counts = np.diff(np.append(np.frombuffer(self.begins, np.int64), len(self.next_states)))
        each = (np.repeat(np.frombuffer(of, np.int64), counts) for of in (self.states, self.actions, self.places))
        states, actions, places = each
        return Choices(
            states, actions, np.frombuffer(self.next_states, np.int64), np.frombuffer(self.probabilities), places
        )

    def _model_line(self, text: str, place: int) -> None:
        if text.startswith("action") and text[6:7].isspace():
            self._begin_choice(text, place)
        elif text.startswith("state") and text[5:6].isspace():
            self._begin_state(text[6:], place)
        else:
            self._transition(text, place)

    def _transition(self, text: str, place: int) -> None:
        target, colon, value = text.partition(":")
        if not colon:
            self.lines.refuse(f"there is {text!r:.60}; expected state, action, or a transition such as '3 : 0.5'")
        if self.action < 0:
            self._begin_choice("", place)  # a Markov chain may leave its only action out
        value = value.strip()
        self.next_states.append(self.lines.whole(target.strip(), "a next state", below=self.num_states))
        self.probabilities.append(self.lines.real(self.placeholders.get(value, value), "a probability"))

    def _begin_state(self, text: str, place: int) -> None:
        self._check_filled()
        number, _, rest = text.strip().partition(" ")
        found, last = self.lines.whole(number, "a state"), (self.num_states or 0) - 1
        if found != self.state + 1 or found > last:
            self.lines.refuse(f"there is state {found}; expected {self.state + 1}: all from 0 to {last}, in order")
        rest = rest.strip()
        if rest[:1] in ("!", "{", "<"):
            self.lines.refuse(f"state {found} has {rest!r:.60}: rates, observations and players are of other models")
        self.state, self.action, self.state_reward = found, -1, 0.0
        if rest[:1] == "[":
            inside, closed, rest = rest.partition("]")
            self.state_reward = self._reward(inside + closed, place)
        for label in self._labels(rest) if rest else ():
            self.labels.setdefault(label, array("q")).append(found)

    def _labels(self, text: str) -> list[str]:
        if '"' not in text:
            return text.split()
        try:
            return shlex.split(text)  # a label with blanks is in quotes
        except ValueError as error:
            self.lines.refuse(f"the labels {text.strip()!r:.60} cannot be read: {error}")

    def _begin_choice(self, text: str, place: int) -> None:
        if self.state < 0:
            self.lines.refuse("there is an action, or a transition, before the first state")
        if self.action >= 0:
            self._check_filled()
        bracket = text.find("[")
        reward = self._reward(text[bracket:], place) if bracket >= 0 else 0.0
        self.action += 1
        self.states.append(self.state)
        self.actions.append(self.action)
        self.rewards.append(self.state_reward + reward)
        self.begins.append(len(self.next_states))
        self.places.append(self.lines.number)

    def _reward(self, text: str, place: int) -> float:
        """The chosen one of the rewards in brackets."""
        found = self.known_rewards.get(text)
        if found is not None:
            return found
        numbers = [number.strip() for number in text[1:-1].split(",") if number.strip()]
        if text[-1:] != "]" or len(numbers) != len(self.reward_models):
            count = len(self.reward_models)
            self.lines.refuse(f"the rewards are {text!r:.60}; expected {count} in brackets, one for each reward model")
        each = [self.lines.real(self.placeholders.get(number, number), "a reward") for number in numbers]
        if len(self.known_rewards) < MOST_KNOWN:
            self.known_rewards[text] = each[place] if place >= 0 else 0.0
        return each[place] if place >= 0 else 0.0

    def _check_filled(self) -> None:
        """Refuse to go on where the last state has no choice, or its last choice no transition."""
        empty = self.state >= 0 and (self.action < 0 or self.begins[-1] == len(self.next_states))
        if empty:
            self.lines.refuse(f"state {self.state} ends before a transition of its last choice; expected one or more")
