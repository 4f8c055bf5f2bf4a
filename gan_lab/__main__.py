"""`python -m gan_lab`, and `torchrun -m gan_lab`: the command `gan-lab`."""

from gan_lab.cli.commands import app

if __name__ == "__main__":
    app(prog_name="gan-lab")
