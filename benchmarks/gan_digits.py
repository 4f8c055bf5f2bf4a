"""Digits and stacked digits by the package's own recipe: modes and divergence of fresh seeds, by the stated protocol.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/gan_digits.py --seeds 10 --results benchmarks/gan_digits.jsonl
    .venv/bin/python benchmarks/gan_digits.py --report --results benchmarks/gan_digits.jsonl

26,000 samples of the live and of the averaged generator (Srivastava et al. 2017), a row for each run, which is kept as
soon as the run ends.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

import gan_lab
from gan_lab.games import StackedDigitsGame, make_game
from gan_lab.studies.bench.summary import markdown

HEADER = (
    "game", "weights", "seeds", "modes (least)", "excess reverse KL (worst)", "rarest", "commonest", "good %",
    "memorised %", "updates", "processor seconds",
)  # fmt: skip


def measure(name: str, seed: int) -> dict[str, Any]:
    """Train once; the figures of the game's `truth`, of the live and the averaged generator."""
    game, begin = make_game(name), time.process_time()
    run = gan_lab.train(game, seed=seed)
    row: dict[str, Any] = {"game": name, "seed": seed, "steps": run.steps}
    row["seconds"] = round(time.process_time() - begin, 1)
    for weights in ("live", "averaged"):
        samples = run.sample(StackedDigitsGame.protocol_samples, seed=run.steps, averaged=weights == "averaged")
        row[weights] = game.truth(samples, np.random.default_rng(run.steps))
    return row


def summarise(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """A line for each game and kind of weights."""
    lines = []
    for name in dict.fromkeys(row["game"] for row in rows):
        runs = [row for row in rows if row["game"] == name]
        for weights in ("live", "averaged"):
            found = {key: np.array([run[weights][key] for run in runs]) for key in runs[0][weights]}
            excess = found["reverse_kl"] - found["reverse_kl_floor"]
            lines.append((
                name, weights, str(len(runs)), f"{found['modes'].mean():.1f} ({found['modes'].min():.0f})",
                f"{excess.mean():.3f} ({excess.max():.3f})", f"{found['rarest'].min():.2f}",
                f"{found['commonest'].max():.2f}", f"{100 * found['high_quality'].mean():.1f}",
                f"{100 * found['memorised'].mean():.1f}", f"{max(run['steps'] for run in runs):,}",
                f"{np.mean([run['seconds'] for run in runs]):.0f}",
            ))  # fmt: skip
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--games", nargs="+", default=["stacked_digits", "digits"])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--results", type=Path, default=Path("gan-digits.jsonl"))
    parser.add_argument("--report", action="store_true", help="only show what is in the file")
    options = parser.parse_args()
    if not options.report:
        for seed in np.random.SeedSequence().generate_state(options.seeds) % 2**31:
            for name in options.games:
                row = measure(name, int(seed))
                with options.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
    rows = [json.loads(line) for line in options.results.read_text(encoding="utf-8").splitlines()]
    print(markdown(HEADER, summarise(rows)))


if __name__ == "__main__":
    main()
