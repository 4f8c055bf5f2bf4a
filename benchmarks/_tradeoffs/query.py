import sys

import stormpy

program = stormpy.parse_prism_program(sys.argv[1])
for text in sys.argv[2:]:
    [formula] = stormpy.parse_properties(text, program)
    model = stormpy.build_model(program, [formula])
    env = stormpy.Environment()
    env.solver_environment.minmax_solver_environment.precision = stormpy.Rational(1e-12)
    result = stormpy.model_checking(model, formula, environment=env)
    print(result.at(model.initial_states[0]))
