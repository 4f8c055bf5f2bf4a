"""Players whose batch is shared: played part by part, by one process or by several, as one batch.

    gradient of u = sum over shares (n_s / n) gradient of u_s        payoffs and penalties are means over samples

Every share draws the whole batch from the same random numbers, and takes its rows of it: real and generated samples
stay the pairs that they are. A turn ends with one exchange: one flat tensor with the gradient of the player whose turn
it is, its payoff, and whether somebody was interrupted. The sum is taken in float64, in which sums of float32 numbers
are exact but for rare cases, so that the order of the shares does not matter: a run is the same, to the last bit,
however its shares are dealt to processes with the same number of threads. Payoffs of whole turns need not be means:
they are tried on a few samples, before the first update.

Why not DistributedDataParallel: it averages what `backward` leaves in `.grad`. Here two players act in one graph and
only one of them learns, and penalties differentiate twice; gradients are values that rules take by `autograd.grad`.
"""

import hashlib
import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, cast

import torch
from torch import Tensor, nn

from gan_lab.environments.alternating_env import AlternatingEnv
from gan_lab.errors import DivergedError, NonFiniteMoveError, WiringError
from gan_lab.games.sample_state import SampleState
from gan_lab.games.turn_state import TurnState
from gan_lab.players import Player
from gan_lab.random_numbers import seeded
from gan_lab.training.ranks import Ranks, portable
from gan_lab.training.run import Run
from gan_lab.updates.player_pair import PlayerPair, T

MIXING = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)
TRIED = 8  # samples on which payoffs of turns are tried
OFF, LEAST = 1e-4, 1e-7  # how far apart the sums of float32 may be, over their size, and at least
WITHOUT_MIXING = "r3gan_pictures"  # the recipe of pictures of any size whose networks have none of these


class SharedPair(PlayerPair):
    """Two players and the shares of their game that this process plays.

    Args:
        envs: One for each share that is played here, begun with the same seed; the rows of its state are the share.
        discriminator: Plays `discriminator_0`.
        generator: Plays `generator_0`.
        ranks: The processes that play the other shares.
        others: Play the further seats of the loss.

    Raises:
        WiringError: A player's network ties the samples of a batch together, or draws random numbers; or a payoff of a
            whole turn is no mean over samples.
    """

    envs: list[AlternatingEnv]
    ranks: Ranks

    def __init__(
        self,
        envs: Sequence[AlternatingEnv],
        discriminator: Player,
        generator: Player,
        ranks: Ranks,
        others: Sequence[Player] = (),
    ) -> None:
        """Check the players, and let them answer in each share."""
        super().__init__(envs[0], discriminator, generator, others)
        for env in envs[1:]:
            env.seat(**self.players)
        self.envs, self.ranks = list(envs), ranks
        self._signalled = False
        self._check_no_mixing()
        if isinstance(self.env.game_state, TurnState):
            self._check_means(self.env.game_state)

    def _check_no_mixing(self) -> None:
        """Refuse networks that need the whole batch, and say what to take instead."""
        pictures = getattr(self.env.game_state.game, "image_shape", None) is not None
        recipe = f"the recipe {WITHOUT_MIXING!r}, or " if pictures else ""
        for agent, player in self.players.items():
            for module in player.modules():
                if isinstance(module, MIXING):
                    raise WiringError(
                        f"{agent} has a {type(module).__name__}, which makes of a share something else than of the "
                        f"whole batch: take {recipe}networks without it (GroupNorm and LayerNorm are no trouble), or "
                        "train in one process and one share"
                    )

    def _check_means(self, state: TurnState) -> None:
        """Refuse payoffs that are no means over samples: those of a few samples, and of two shares of them, differ."""
        whole, *parts = [self._tried(state, rows) for rows in (slice(0, TRIED), slice(0, 3), slice(3, TRIED))]
        for agent in whole:
            shared = [part[agent] for part in parts]
            if not abs(whole[agent] - sum(shared)) <= OFF * sum(map(abs, shared)) + LEAST:
                raise WiringError(
                    f"the payoff of {agent} is {whole[agent] / TRIED:.6g} on {TRIED} samples, and from shares of 3 and "
                    f"{TRIED - 3} of them {sum(shared) / TRIED:.6g}: it is no mean over samples, so it needs the whole "
                    "batch. Train in one process and one share"
                )

    def _tried(self, state: TurnState, rows: slice) -> dict[str, float]:
        """Payoffs, less penalties, of some rows of a small batch, times their number; players are copied."""
        small = TurnState(state.game, state.loss, state.penalty, state.penalty_weight, TRIED)
        small.rows, small.device = rows, state.device
        env = AlternatingEnv.of_state(small, 1)
        env.reset(seed=0)
        with seeded(0):
            copies = [deepcopy(player) for player in self.players.values()]
            pair = PlayerPair(env, copies[0], copies[1], copies[2:])
            turns = [pair.turn() for _ in pair.players]
        return {player.name: float(payoff.detach()) * (rows.stop - rows.start) for player, payoff in turns}

    def turn(self) -> tuple[Player, Tensor]:
        """One turn of every share; the player whose turn it was, and its payoff on the whole batch, without a graph.

        Raises:
            DivergedError: A payoff is not finite, somewhere; the same on all ranks.
        """
        agent = self.env.agent_selection
        player, failure = self.players[agent], None
        try:
            found = self._played(player)
        except Exception as error:  # told to the others, who would wait for this rank
            failure = _as_divergence(error)
            size = sum(parameter.numel() for parameter in player.trained) + 2
            found = torch.full((size,), math.nan, dtype=torch.float64, device=player.device)
        found = self.ranks.sum(found) / self.env.game_state.batch_size
        number, interrupted = found[-2:].tolist()
        if not math.isfinite(number):
            self._stop(agent, number, failure)
        self.interrupted: bool = self.interrupted or interrupted > 0
        self.payoffs[agent] = number
        payoff = found[-2]
        self._last = player, payoff, found[:-2]
        return player, payoff

    def gradient(self, player: Player, payoff: Tensor, create_graph: bool = False) -> list[Tensor]:
        """That of the last turn's payoff on the whole batch, by the parameters of the player whose turn it was.

        Raises:
            WiringError: Another payoff, or a graph of the gradient is asked for: neither is kept.
        """
        last, its_payoff, flat = self._last
        if player is not last or payoff is not its_payoff or create_graph:
            raise WiringError("a batch that is shared gives the gradient of its last turn alone, without a graph")
        parts = flat.split([parameter.numel() for parameter in player.trained])
        return [part.view_as(own).to(own.dtype) for part, own in zip(parts, player.trained, strict=True)]

    def begin(self, run: Run, facts: Mapping[str, Any]) -> None:
        """Refuse ranks that play different games, give all the players of rank 0, and put all shares in step.

        Raises:
            WiringError: Something differs.
        """
        state = dict(self._state(run))
        shapes = {f"the shape of {name}": tuple(value.shape) for name, value in state.items()}
        played = {"updates played before": run.steps}
        self.ranks.check_same({**run.settings.facts, **facts, **played, **shapes}, "start all with the same arguments")
        self.ranks.broadcast(state.values())
        for env in self.envs[1:]:
            env.np_random.bit_generator.state = self.env.np_random.bit_generator.state
        self._check_alike(run)

    def together(self, run: Run, work: Callable[[], T]) -> T:
        """What rank 0 alone does between two updates; the others wait for it, and have or raise the same."""
        histories = run.history, run.truth, run.averaged_truth
        seen = [len(rows) for rows in histories]
        found, added = self.ranks.first(
            lambda: (work(), [rows[count:] for rows, count in zip(histories, seen, strict=True)])
        )
        if self.ranks.rank > 0:
            for rows, more in zip(histories, added, strict=True):
                rows.extend(more)
        self._check_alike(run)
        return found

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Inside, Ctrl-C is noted, and told to the other ranks with the next turn, so that all end at one update."""
        if self.ranks.count == 1 or threading.current_thread() is not threading.main_thread():
            yield
            return

        def note(*_: Any) -> None:
            self._signalled = True

        before = signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _played(self, player: Player) -> Tensor:
        """(P + 2,) sums over the samples of this process: of the gradient, of the payoff, and the flag."""
        total: Tensor | None = None
        for env in self.envs:
            self.step(env, player)
            payoff: Tensor = env.infos[player.name]["payoff"]
            parts = [part.flatten() for part in player.gradient(payoff)]
            tail = torch.stack([payoff.detach(), torch.full_like(payoff, float(self._signalled))])
            count = len(cast(SampleState, env.game_state).real)
            share = torch.cat([*parts, tail]).to(torch.float64) * count  # exact: 24 bits times a small number
            total = share if total is None else total + share
        assert total is not None
        return total

    def _stop(self, agent: str, number: float, failure: BaseException | None) -> None:
        """Raise the same on all ranks: the first failure, or what is not finite."""
        failures = self.ranks.gather(None if failure is None else portable(failure))
        for rank, found in enumerate(failures):
            if found is not None:
                raise failure if failure is not None and rank == self.ranks.rank else found
        self.check_players()
        raise DivergedError(f"the payoff of {agent} is {number} at turn {self.env.turn}", player=agent)

    def _state(self, run: Run) -> Iterator[tuple[str, Tensor]]:
        """All tensors that learning changes, but for the optimizers'."""
        for agent, player in self.players.items():
            yield from ((f"{agent}.{name}", value) for name, value in player.state_dict().items())
        if run.average is not None:
            yield from ((f"average.{name}", value) for name, value in run.average.state_dict().items())

    def _check_alike(self, run: Run) -> None:
        """Refuse ranks whose players, rates or random numbers differ."""
        if self.ranks.count == 1:
            return
        facts: dict[str, Any] = {}
        for name, player in self.players.items():
            digest = hashlib.sha256()
            for value in player.state_dict().values():
                digest.update(value.detach().cpu().contiguous().numpy().tobytes())
            facts[f"the digest of {name}"] = digest.hexdigest()[:12]
            facts[f"the rate of {name}"] = [group["lr"] for group in player.optimizer.param_groups]
        numbers = repr(self.env.np_random.bit_generator.state).encode()
        facts["the digest of the random numbers"] = hashlib.sha256(numbers).hexdigest()[:12]
        advice = "callbacks, which rank 0 alone calls, must leave the players alone, and the machines must be of a kind"
        self.ranks.check_same(facts, f"after update {run.steps} ranks must be alike; {advice}")


def _as_divergence(error: Exception) -> Exception:
    return DivergedError(str(error), player=error.player) if isinstance(error, NonFiniteMoveError) else error
