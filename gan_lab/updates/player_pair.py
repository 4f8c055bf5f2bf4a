"""The learning players and their game: what the update rules see of it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

from gan_lab.environments.alternating_env import AlternatingEnv
from gan_lab.errors import DivergedError, NonFiniteMoveError, WiringError
from gan_lab.games.game import DISCRIMINATOR, GENERATOR
from gan_lab.players import Player
from gan_lab.updates.derivatives import Derivatives

if TYPE_CHECKING:
    from gan_lab.training.run import Run

T = TypeVar("T")
Field = tuple[list[Tensor], ...]  # for each player, the gradient of its payoff by each of its parameters


class PlayerPair:
    """Two players and their game, played through the environment's `observe` and `step`.

    Args:
        env: The game; made with `tensors=True`.
        discriminator: Plays `discriminator_0`.
        generator: Plays `generator_0`.
        others: Play the further seats of the loss, in the order of the environment.

    Attributes:
        players: All of them by name, the discriminator and the generator first.
        others: The further players.
        payoffs: The last payoff of each player.
        envs: The game; as many times as this process plays a share of it.
        interrupted: Whether Ctrl-C was noted while `listening`.
    """

    env: AlternatingEnv
    envs: list[AlternatingEnv]
    discriminator: Player
    generator: Player
    interrupted: bool = False

    def __init__(
        self, env: AlternatingEnv, discriminator: Player, generator: Player, others: Sequence[Player] = ()
    ) -> None:
        """Check that each player fits its role."""
        for role, player in ((DISCRIMINATOR, discriminator), (GENERATOR, generator)):
            if not isinstance(player, Player):
                raise WiringError(f"{role} is {player!r}; expected a Discriminator and a Generator, or Strategists")
            if player.name != role:
                raise WiringError(
                    f"{player.name} was given as {role}: the two players are swapped; `train` takes the generator first"
                )
        self.env, self.envs = env, [env]
        self.players: dict[str, Player] = {DISCRIMINATOR: discriminator, GENERATOR: generator}
        self.players |= {player.name: player for player in others}
        self.discriminator, self.generator, self.others = discriminator, generator, list(others)
        self.payoffs: dict[str, float] = {}
        env.seat(**self.players)

    def turn(self) -> tuple[Player, Tensor]:
        """Let the player whose turn it is observe, act and be paid; who it was, and its payoff with its graph.

        Raises:
            DivergedError: The payoff is not finite.
        """
        agent = self.env.agent_selection
        player = self.players[agent]
        try:
            self.step(self.env, player)
        except NonFiniteMoveError as error:
            raise DivergedError(str(error), player=error.player) from None
        payoff: Tensor = self.env.infos[agent]["payoff"]
        self._note(agent, payoff)
        return player, payoff

    @staticmethod
    def step(env: AlternatingEnv, player: Player) -> None:
        """Play a player's move in one environment: the player itself, where its payoff asks it what it likes."""
        itself = env.game_state.answers_itself(player.name)
        env.step(player if itself else player.act(env.observe(player.name)))

    def _note(self, agent: str, payoff: Tensor) -> None:
        number = payoff.item()
        if number != number or number in (float("inf"), float("-inf")):
            self.check_players()
            raise DivergedError(f"the payoff of {agent} is {number} at turn {self.env.turn}", player=agent)
        self.payoffs[agent] = number

    def gradient(self, player: Player, payoff: Tensor, create_graph: bool = False) -> list[Tensor]:
        """The gradient of a turn's payoff by the parameters of the player whose turn it was."""
        return player.gradient(payoff, create_graph)

    def begin(self, run: "Run", facts: Mapping[str, Any]) -> None:
        """Called once before the first update, with what all who play have to agree on."""

    def together(self, run: "Run", work: Callable[[], T]) -> T:
        """Do something between two updates, once for all who play."""
        return work()

    def listening(self) -> AbstractContextManager[None]:
        """Inside, Ctrl-C may be noted instead of raised at once."""
        return nullcontext()

    def check_players(self) -> None:
        """Look at the players themselves: one that broke down spoils the other's payoff too.

        Raises:
            DivergedError: A player's parameters are NaN or infinite; it names that player.
        """
        for agent, player in self.players.items():
            if player.is_broken():
                raise DivergedError(
                    f"the parameters of {agent} are not finite after turn {self.env.turn - 1}", player=agent
                )

    def field(self, *, create_graph: bool = False) -> Field:
        """One turn of each, nobody learning: the gradient of each player's payoff by its own parameters.

        The discriminator's comes first, then the generator's, then those of the others.

        Args:
            create_graph: Whether the gradients can be differentiated again, by both players' parameters.

        Raises:
            WiringError: A graph is asked for by a rule that does not say `joint = True`: on samples, the payoffs then
                have the graph of one player alone.
        """
        if create_graph:
            self._check_joint("field(create_graph=True)")
        gradients = {}
        for _ in self.players:
            player, payoff = self.turn()
            gradients[player.name] = self.gradient(player, payoff, create_graph)
        return tuple(gradients[name] for name in self.players)

    def derivatives(self) -> Derivatives:
        """One turn of each, nobody learning: the field, with products of its Jacobian.

        All payoffs are those of the discriminator's turn: of the same samples, so that in a zero-sum game what one
        player's step changes for the other is exactly the opposite of the reverse.

        Raises:
            WiringError: The rule does not say `joint = True`.
        """
        self._check_joint("derivatives()")
        self.turn()
        payoffs = [self.env.infos[agent]["payoff"] for agent in self.players]
        for agent, payoff in zip(self.players, payoffs, strict=True):
            self._note(agent, payoff)
        for _ in range(len(self.players) - 1):  # to the end of the cycle
            self.turn()
        return Derivatives(payoffs, [player.trained for player in self.players.values()])

    def _check_joint(self, call: str) -> None:
        if not self.env.game_state.joint:
            raise WiringError(
                f"{call} is for rules that say `joint = True`: without it each payoff is made with the graph of one "
                "player alone, and what the other's parameters change is missing. Write `joint = True` in the class of "
                "the rule"
            )

    def move(self, field: Sequence[Sequence[Tensor]]) -> None:
        """All players take a step of their optimizers along a field."""
        for player, part in zip(self.players.values(), field, strict=True):
            player.move(part)

    def where(self) -> list[Tensor]:
        """Copies of all parameters, the discriminator's first."""
        return [parameter.detach().clone() for parameter in self._parameters()]

    def put(self, parameters: Sequence[Tensor]) -> None:
        """Set all parameters, in the order of `where`."""
        with torch.no_grad():
            for parameter, value in zip(self._parameters(), parameters, strict=True):
                parameter.copy_(value)

    def _parameters(self) -> list[Any]:
        return [parameter for player in self.players.values() for parameter in player.trained]
