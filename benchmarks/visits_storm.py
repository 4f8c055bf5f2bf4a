"""Storm's visits and long-run shares in two of its models: run by a Python that has stormpy, as `... FOLDER`.

Its bindings have no call for either, but its logic has: the total of a reward of 1 in some states, and the long-run
average of being there. The states are those of each value of the model's variable `s`.
"""

import json
import re
import sys
import tempfile
import time
from pathlib import Path

import stormpy
import stormpy.examples.files as files

folder = Path(sys.argv[1])
for name, values in (("prism_dtmc_die", range(8)), ("prism_dtmc_brp", range(7))):
    text = re.sub(r"(?s)rewards.*?endrewards", "", Path(getattr(files, name)).read_text())
    for k in values:
        text += f'\nlabel "at{k}" = s={k};\nrewards "in{k}"\n s={k} : 1;\nendrewards\n'
    with tempfile.NamedTemporaryFile("w", suffix=".pm") as file:
        file.write(text)
        file.flush()
        program = stormpy.parse_prism_program(file.name)
    options = stormpy.BuilderOptions()
    options.set_build_all_labels()
    options.set_build_all_reward_models()
    model = stormpy.build_model(program, options=options)
    stormpy.io.export_to_drn(model, str(folder / f"{name}.drn"))
    start, told, seconds = model.initial_states[0], {"visits": [], "shares": []}, {}
    environment = stormpy.Environment()
    environment.solver().force_soundness = True
    for what, asked in (("visits", 'R{{"in{0}"}}=? [C]'), ("shares", 'LRA=? ["at{0}"]')):
        began = time.process_time()
        for k in values:
            formula = stormpy.parse_properties(asked.format(k), program)[0]
            told[what].append(stormpy.model_checking(model, formula, environment=environment).get_value(start))
        seconds[what] = time.process_time() - began
    (folder / f"{name}.json").write_text(json.dumps({**told, "start": start, "seconds": seconds}))
