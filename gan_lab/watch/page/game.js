// ---------------------------------------------------------------- games of two numbers: psi of D and theta of G
// Both players climb: v_D = d u_D / d psi = -a(z) theta - weight psi, and v_G = d u_G / d theta = b(z) psi, with the score
// z = psi theta of the generated point. The weight is that of the penalty R1, 1/2 psi^2. `da` and `db` are derivatives.
const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z))), hill = (z) => sigmoid(z) * sigmoid(-z);
const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))), constant = (c) => () => c;
const LOSSES = {
  minimax: ["minimax", { a: sigmoid, da: hill, b: sigmoid, db: hill }],
  non_saturating: ["non-saturating", { a: sigmoid, da: hill, b: (z) => sigmoid(-z), db: (z) => -hill(z) }],
  wasserstein: ["Wasserstein", { a: constant(1), da: constant(0), b: constant(1), db: constant(0) }],
};
const BILINEAR = { a: constant(-1), da: constant(0), b: constant(-1), db: constant(0) };
const GAMES = { dirac: "Dirac GAN", bilinear: "Bilinear game" };
const BOUND = 10; // of both numbers

const functionsOf = ({ game, loss }) => (game === "bilinear" ? BILINEAR : LOSSES[loss][1]);
const weightOf = ({ game, penalty, weight }) => (game === "dirac" && penalty === "r1" ? weight : 0);
const valueAt = ({ game }, [psi, theta]) => (game === "bilinear" ? psi * theta : -Math.log(2) - softplus(psi * theta));
function fieldAt(rules, [psi, theta]) {
  const { a, b } = functionsOf(rules), z = psi * theta;
  return [-a(z) * theta - weightOf(rules) * psi, b(z) * psi];
}
function jacobianAt(rules, [psi, theta]) { // of the field: rows of v_D and v_G
  const { a, b, da, db } = functionsOf(rules), z = psi * theta;
  return [[-da(z) * theta * theta - weightOf(rules), -a(z) - da(z) * z], [b(z) + db(z) * z, db(z) * psi * psi]];
}

// ---------------------------------------------------------------- update rules
// Each has `step(rules, w, memory)`, which returns the next place, and `eigenvalues(J, h, rules)` of its matrix where the
// field is J w. A step that leads out of [-10, 10] ends at the edge.
const moved = (w, h, v) => w.map((x, i) => clamp(x + h * v[i], -BOUND, BOUND));
const times = (A, B) => A.map((row) => B[0].map((_, j) => row.reduce((sum, x, k) => sum + x * B[k][j], 0)));
const plus = (A, h, B) => A.map((row, i) => row.map((x, j) => x + h * B[i][j]));
const transposed = (A) => A[0].map((_, j) => A.map((row) => row[j])), ONE = [[1, 0], [0, 1]];
const UPDATES = {
  simultaneous: {
    equation: "w′ = w + h v(w)",
    step: (rules, w) => moved(w, rules.rate, fieldAt(rules, w)),
    eigenvalues: (J, h) => eigenvaluesOf(plus(ONE, h, J)),
  },
  alternating: {
    equation: "D moves k times, then G",
    step(rules, w) {
      for (let k = 0; k < rules.steps_of_D; k++) w = moved(w, rules.rate, [fieldAt(rules, w)[0], 0]);
      return moved(w, rules.rate, [0, fieldAt(rules, w)[1]]);
    },
    eigenvalues(J, h, { steps_of_D }) {
      let M = ONE;
      for (let k = 0; k < steps_of_D; k++) M = times(plus(ONE, h, [J[0], [0, 0]]), M);
      return eigenvaluesOf(times(plus(ONE, h, [[0, 0], J[1]]), M));
    },
  },
  extragradient: {
    equation: "w+ = w + h v(w); w′ = w + h v(w+)",
    step: (rules, w) => moved(w, rules.rate, fieldAt(rules, moved(w, rules.rate, fieldAt(rules, w)))),
    eigenvalues: (J, h) => eigenvaluesOf(plus(ONE, h, times(J, plus(ONE, h, J)))),
  },
  optimistic: { // remembers its last step
    equation: "w′ = w + 2 h v(w) − h v(w−)",
    step(rules, w, memory) {
      const there = moved(w, rules.rate, fieldAt(rules, w)), step = there.map((x, i) => x - w[i]), last = memory.last || step;
      memory.last = step;
      return w.map((x, i) => x + 2 * step[i] - last[i]);
    },
    eigenvalues(J, h) { // mu^2 - (1 + 2 h lambda) mu + h lambda = 0 for each eigenvalue lambda of J
      return eigenvaluesOf(J).flatMap(([re, im]) => rootsOf([1 + 2 * h * re, 2 * h * im], [h * re, h * im]));
    },
  },
  consensus: {
    equation: "w′ = w + h (v(w) − grad ½ |v(w)|²)",
    step(rules, w) {
      const v = fieldAt(rules, w), pull = transposed(jacobianAt(rules, w)).map((row) => row[0] * v[0] + row[1] * v[1]);
      return moved(w, rules.rate, v.map((x, i) => x - pull[i]));
    },
    eigenvalues: (J, h) => eigenvaluesOf(plus(ONE, h, plus(J, -1, times(transposed(J), J)))),
  },
};

// ---------------------------------------------------------------- eigenvalues, as [real, imaginary]
function squareRoot([re, im]) {
  const size = Math.hypot(re, im), real = Math.sqrt((size + Math.abs(re)) / 2);
  if (size === 0) return [0, 0];
  return re >= 0 ? [real, im / (2 * real)] : [Math.abs(im) / (2 * real), im < 0 ? -real : real];
}
function rootsOf(p, q) { // of mu^2 - p mu + q
  const half = [p[0] / 2, p[1] / 2], root = squareRoot([half[0] * half[0] - half[1] * half[1] - q[0], 2 * half[0] * half[1] - q[1]]);
  return [[half[0] + root[0], half[1] + root[1]], [half[0] - root[0], half[1] - root[1]]];
}
const eigenvaluesOf = ([[a, b], [c, d]]) => rootsOf([a + d, 0], [a * d - b * c, 0]);
function predicted(rules) { // what an update multiplies the distance to the equilibrium by, near it
  const eigenvalues = UPDATES[rules.update].eigenvalues(jacobianAt(rules, [0, 0]), rules.rate, rules);
  return { eigenvalues, radius: eigenvalues.reduce((most, [re, im]) => Math.max(most, Math.hypot(re, im)), 0) };
}
function verdict({ radius, eigenvalues }) {
  if (radius < 1e-6) return "it arrives in an update or two";
  if (radius < 1 - 1e-9) return `it converges, and gains a digit in ${Math.round(Math.log(10) / -Math.log(radius))} updates`;
  if (radius > 1 + 1e-9) return `it diverges, and doubles its distance in ${Math.round(Math.log(2) / Math.log(radius))} updates`;
  return eigenvalues.some(([re, im]) => Math.hypot(re - 1, im) <= 1e-9) ? "along some direction this tells nothing" : "it circles, and does not converge";
}
