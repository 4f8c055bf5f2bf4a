"""The backup of four actions side by side: a processor adds and multiplies four float64 in one instruction.

Numba leaves loops over four numbers as they are, so this one is written in the instructions of LLVM, which every
processor that Numba compiles for has or is given. The sums are added in the order in which they are written.
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

FOUR: Any = ir.VectorType(ir.DoubleType(), 4)
INDEX: Any = ir.IntType(32)


def _best_of_four(typing_context, columns, q0, q1, q2, q3):
    """The largest, over actions a, of columns[0, a] q0 + ... + columns[3, a] q3; `columns` is (4, 4) in C order."""

    def instructions(context, builder, signature, arguments):
        table = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        total = None
        for d in range(4):
            place = builder.gep(table, [ir.Constant(ir.IntType(64), 4 * d)])
            column = builder.load(builder.bitcast(place, FOUR.as_pointer()), align=8)
            product = builder.fmul(column, _four_times(builder, arguments[1 + d]))
            total = product if total is None else builder.fadd(total, product)
        pair = _larger(builder, _part(builder, total, [0, 1]), _part(builder, total, [2, 3]))
        return _larger(builder, *(builder.extract_element(pair, ir.Constant(INDEX, i)) for i in range(2)))

    return types.float64(columns, q0, q1, q2, q3), instructions


best_of_four: Any = intrinsic(_best_of_four)


def _four_times(builder: Any, number: Any) -> Any:
    """A number, four times."""
    one = builder.insert_element(ir.Constant(FOUR, ir.Undefined), number, ir.Constant(INDEX, 0))
    return _part(builder, one, [0, 0, 0, 0])


def _part(builder: Any, vector: Any, places: list[int]) -> Any:
    """The numbers at these places of a vector of four."""
    mask = ir.Constant(ir.VectorType(INDEX, len(places)), places)
    return builder.shuffle_vector(vector, ir.Constant(FOUR, ir.Undefined), mask)


def _larger(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)
