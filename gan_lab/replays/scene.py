"""What a replay shows of a game that moves: one class for each kind of game, in the files beside this one."""

from gan_lab.games import BilinearGame, DiracGame, FiniteGame, GaussianGame, SampleGame
from gan_lab.replays.frames import Scene
from gan_lab.training.run import Run


def scene_of(run: Run) -> Scene:
    """The scene that suits the game of a run."""
    from gan_lab.replays import sample_scenes, strategy_scenes

    game = run.game
    if isinstance(game, SampleGame):
        if game.image_shape is not None:
            return sample_scenes.ImagesScene(game, game.image_shape)
        return sample_scenes.LineScene(game) if game.dimension == 1 else sample_scenes.PlaneScene(game)
    if isinstance(game, FiniteGame):
        return strategy_scenes.AtomsScene(game)
    if isinstance(game, GaussianGame):
        return strategy_scenes.DensityScene(game)
    assert isinstance(game, DiracGame | BilinearGame)
    return strategy_scenes.PathScene(run)
