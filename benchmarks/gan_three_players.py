"""ALI on a ring of eight modes: does the generator invert the encoder?

    python benchmarks/gan_three_players.py            20 seconds of one core; writes benchmarks/gan_three_players.jsonl

The ratio is the mean of |G(mean(x)) - x|, over that of |G(mean(y)) - x| of other samples y. It is 0 where G inverts the
encoder, and about 1 for players that have not learned. `examples/papers/dumoulin_2017.py` reads the record.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "examples" / "papers"))

from dumoulin_2017 import ali  # noqa: E402
from three_players import fresh, network, ring  # noqa: E402

import gan_lab  # noqa: E402

UPDATES, EVERY = 4000, 500


def looked(run: gan_lab.Run) -> dict[str, Any]:
    """A line of the record."""
    turn = fresh(run, 2000)
    with torch.no_grad():
        again = turn.generator(turn.encoder(turn.real)[:, :2])
        near, far = ((part - turn.real).norm(dim=1).mean() for part in (again, again.roll(1000, 0)))
    found = {name: run.truth[-1][name] for name in ("modes", "high_quality")}
    return {"paper": "ALI", "game": "ring", "updates": run.steps, "ratio": float(near / far), **found}


def main() -> None:
    lines: list[dict[str, Any]] = []

    def look(run: gan_lab.Run) -> None:
        lines.append(looked(run))
        print(lines[-1], flush=True)

    torch.set_num_threads(1)
    torch.manual_seed(1)
    make = gan_lab.adam(2e-3, betas=(0.5, 0.99))
    generator, judge, encoder = network(2, 2), gan_lab.Discriminator(network(4, 1), make), network(2, 4)
    wants: dict[str, Any] = {"others": [gan_lab.Seat("encoder", encoder, make)], "loss": ali(2), "batch_size": 128}
    run = gan_lab.train(
        ring(2), gan_lab.Generator(generator, make), judge, steps=UPDATES, truth_every=EVERY, callbacks=[look], **wants
    )
    if run.status is gan_lab.Status.FINISHED:
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        (FOLDER / "gan_three_players.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
