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

from planners.errors import InvalidModelError, InvalidOptionError
from planners.readers.choices import Choices, tables
from planners.readers.text_lines import TextLines

TYPES: Final = ("DTMC", "MDP")
VALUE_TYPES: Final = ("double", "rational")
SECTIONS: Final = ("@parameters", "@placeholders", "@reward_models", "@nr_states", "@nr_choices", "@model")


def read_drn(path: str | PathLike[str], reward: str | None = None) -> dict[str, Any]:
    """Tables of `TabularMDP` from a file in Storm's explicit format, of a DTMC or an MDP.

    Rewards of a state and of an action are added. No episode ends: a state that is never left leads to itself. Names
    of actions are not kept; they are numbered from 0 in each state. Labels are kept, and can be used as goals.

    Args:
        path: The file.
        reward: Which reward model to read; None: the only one, or 0 where there is none.

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
    if file.num_choices not in (None, len(file.choice_rewards)):
        lines.refuse(f"there are {len(file.choice_rewards)} choices; @nr_choices says {file.num_choices}")
    entries = file.choices.entries(lines, file.num_states)
    rewards = np.zeros(entries.shape)
    states, actions = (np.frombuffer(each, dtype=np.int64) for each in (file.choice_states, file.choice_actions))
    rewards[states, actions] = np.frombuffer(file.choice_rewards)
    return tables(entries, rewards, {name: np.frombuffer(found, np.int64) for name, found in file.labels.items()})


class _DrnFile:
    """What has been read of a file so far."""

    def __init__(self, lines: TextLines) -> None:
        self.lines = lines
        self.num_states: int | None = None
        self.num_choices: int | None = None
        self.reward_models: list[str] = []
        self.placeholders: dict[str, str] = {}
        self.choices = Choices()
        self.choice_states, self.choice_actions, self.choice_rewards = array("q"), array("q"), array("d")
        self.labels: dict[str, array[int]] = {}
        self.state, self.action, self.state_reward = -1, -1, 0.0
        self.filled = True  # whether the choice that is being read has a transition

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
        if reward not in self.reward_models:
            raise InvalidOptionError(
                f"reward is {reward!r:.80}; expected {named or 'None'}: those are in {self.lines.path}"
            )
        return self.reward_models.index(reward)

    def _model_line(self, text: str, place: int) -> None:
        target, colon, value = text.partition(":")
        if text.startswith("state") and text[5:6].isspace():
            self._begin_state(text[6:], place)
        elif text.startswith("action") and text[6:7].isspace():
            self._begin_choice(text[7:], place)
        elif colon:
            if self.action < 0:
                self._begin_choice("", place)  # a Markov chain may leave its only action out
            self._transition(target.strip(), value.strip())
        else:
            self.lines.refuse(f"there is {text!r:.60}; expected state, action, or a transition such as '3 : 0.5'")

    def _begin_state(self, text: str, place: int) -> None:
        self._check_filled()
        number, _, rest = text.strip().partition(" ")
        found = self.lines.whole(number, "a state")
        if found != self.state + 1 or found >= (self.num_states or 0):
            last = (self.num_states or 0) - 1
            self.lines.refuse(f"there is state {found}; expected {self.state + 1}: all from 0 to {last}, in order")
        rest = rest.strip()
        if rest[:1] in ("!", "{", "<"):
            self.lines.refuse(f"state {found} has {rest!r:.60}: rates, observations and players are of other models")
        rewards, rest = self._split_rewards(rest)
        self.state, self.action, self.state_reward, self.filled = found, -1, self._reward(rewards, place), False
        for label in self._labels(rest):
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
            self.lines.refuse("there is an action before the first state")
        if self.action >= 0:
            self._check_filled()
        rewards, _ = self._split_rewards(text[max(text.find("["), 0) :] if "[" in text else "")
        self.action, self.filled = self.action + 1, False
        self.choice_states.append(self.state)
        self.choice_actions.append(self.action)
        self.choice_rewards.append(self.state_reward + self._reward(rewards, place))

    def _transition(self, target: str, value: str) -> None:
        choices, lines = self.choices, self.lines
        choices.next_states.append(lines.whole(target, "a next state", below=self.num_states))
        choices.probabilities.append(lines.real(self.placeholders.get(value, value), "a probability"))
        choices.states.append(self.state)
        choices.actions.append(self.action)
        choices.lines.append(lines.number)
        self.filled = True

    def _split_rewards(self, text: str) -> tuple[list[str], str]:
        """The rewards in brackets at the beginning, and what follows."""
        if not text.startswith("["):
            return [], text
        inside, closed, rest = text[1:].partition("]")
        numbers = [number.strip() for number in inside.split(",")] if inside.strip() else []
        if not closed or len(numbers) != len(self.reward_models):
            count = len(self.reward_models)
            self.lines.refuse(f"the rewards are {text!r:.60}; expected {count} in brackets, one for each reward model")
        return numbers, rest

    def _reward(self, rewards: list[str], place: int) -> float:
        if not rewards or place < 0:
            return 0.0
        number = rewards[place]
        return self.lines.real(self.placeholders.get(number, number), "a reward")

    def _check_filled(self) -> None:
        if not self.filled:
            self.lines.refuse(f"state {self.state} ends before a transition of its last choice; expected one or more")
