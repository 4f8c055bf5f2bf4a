"""Storm's interval engine on a file of `benchmarks/interval.py`: run by a Python that has stormpy 2, as `... FILE`."""

import sys
import time

import stormpy

path = sys.argv[1]
began = time.process_time()
model = stormpy.build_model_from_drn[stormpy.Interval](path)
print(f"Storm: {model.nr_states} states read in {time.process_time() - began:.1f} s of processor time", flush=True)
formula = stormpy.parse_properties('R{"cost"}min=? [F "done"]')[0]
for mode in ("ROBUST", "COOPERATIVE"):
    for sound in (False, True):
        environment = stormpy.environments.sound() if sound else stormpy.environments.default(model)
        environment.solver().min_max().precision = stormpy.Rational("1e-6")
        began, wall = time.process_time(), time.perf_counter()
        try:
            result = stormpy.model_checking(
                model,
                formula,
                uncertainty_resolution_mode=getattr(stormpy.UncertaintyResolutionMode, mode),
                environment=environment,
            )
            told = f"cost from the start {result.get_value(model.initial_states[0]):.7f}"
        except Exception as error:
            told = f"{type(error).__name__}: {str(error)[:120]}"
        seconds, passed = time.process_time() - began, time.perf_counter() - wall
        print(
            f"Storm, {mode.lower()}, {'sound' if sound else 'as it comes'}: {seconds:.1f} s ({passed:.1f} s), {told}",
            flush=True,
        )
