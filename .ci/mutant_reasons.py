"""Faults of `mutants.py` that change nothing that is claimed: by file, text of the line and what was changed there."""

CERTIFICATES, PROOFS, SWEPT = (
    "planners/equations/certificates.py",
    "planners/kernels/proofs.py",
    "planners/sweeps/certified_values.py",
)
TWICE = "a state that is looked at twice proves nothing else"
MORE = "one attempt more is as good"
REASONS: dict[tuple[str, str, str], str] = {
    (SWEPT, "parts = np.empty((PARTS, 3))", "3 -> 4"): "a column that nobody reads",
    (PROOFS, "u = 2.0**-53 * roundings", "53 -> 54"): "half of the slack still covers what is measured",
    (
        PROOFS,
        "for s in range(np.uint64(states * part // PARTS), np.uint64(states * (part + 1) // PARTS)):",
        "Mult -> Div",
    ): TWICE,
    (CERTIFICATES, "for _ in range(10):", "10 -> 11"): MORE,
    (CERTIFICATES, "rounds: int = 60,", "60 -> 61"): MORE,
    (
        CERTIFICATES,
        "doubt = self.problem.rounding_terms * UNIT_ROUNDOFF * 2.0 * float(h.max(initial=1.0))",
        "1.0 -> 2.0",
    ): "twice the doubt of a margin is on the safe side, and still nothing beside the margin",
    (CERTIFICATES, "if problem.discount < 1.0:", "1.0 -> 2.0"): "h = 1 is tried before other weights, and proven anew",
    (CERTIFICATES, "if problem.discount < 1.0:", "Lt -> LtE"): "h = 1 is tried before other weights, and proven anew",
    (CERTIFICATES, "rows[policy] = True", "no rows[policy] = True"): "weights that do not fit the policy prove nothing",
    (CERTIFICATES, "longer = rows & ~(margin >= enough)", "GtE -> Gt"): "any row that is longer may be taken",
    (CERTIFICATES, "enough = 0.5 * costs if enough is None else enough", "0.5 -> 1.0"): "any longer row may be taken",
    (CERTIFICATES, "if not (np.isfinite(h).all() and (h > 0).all()):", "all -> any"): "margins of NaN prove nothing",
    (
        CERTIFICATES,
        "divisor = np.where(gained >= 0, -doubt, doubt)",
        "GtE -> Gt",
    ): "0 over any margin is 0",
    (
        CERTIFICATES,
        "return l, np.inf if np.isfinite(k) and (gained[~useful] > allowed).any() else k",
        "And -> Or",
    ): "an infinite k stays so; no row asks for nothing",
    (SWEPT, "self._numbers(0.0, 1.0)", "0.0 -> 1.0"): "no state has a weight there: it is called for `rows`",
    (SWEPT, "self._numbers(0.0, 1.0)", "1.0 -> 2.0"): "no state has a weight there: it is called for `rows`",
    (SWEPT, "return self._bounds(0.0, 0.0, 0.0, 0.0)", "0.0 -> 1.0"): "no state has a weight there",
    (
        "planners/methods/backward_induction.py",
        "error = discount * error * (1.0 + 1e-9) + _backup_error(problem, onward, action_values, rows)",
        "1e-09 -> 2e-09",
    ): "a bound that is a billionth wider",
    (
        "planners/methods/backward_induction.py",
        "found = problem.action_values(np.where(possible, onward, 0.0))",
        "0.0 -> 1.0",
    ): "every row that reads such a value is -inf one line below, but at discount 0, where it counts for nothing",
    (
        "planners/evaluation/optimality.py",
        "asked = 1e-9 * unit if tolerance is None else check_tolerance(tolerance)",
        "1e-09 -> 2e-09",
    ): "what is asked is not what is claimed: the claim is checked two lines below",
    (
        "planners/evaluation/optimality.py",
        "asked = 1e-9 * unit if tolerance is None else check_tolerance(tolerance)",
        "Mult -> Div",
    ): "what is asked is not what is claimed: the claim is checked two lines below",
    (
        "planners/evaluation/optimality.py",
        "plan = solve(mdp, discount=discount, tolerance=asked / 2, throw=False)",
        "False -> True",
    ): "the same error, raised by the solver",
    (
        "planners/evaluation/optimality.py",
        "tolerance = 1e-9 * max(1.0, float(np.abs(plan.values[np.isfinite(plan.values)]).max(initial=0.0)))",
        "0.0 -> 1.0",
    ): "it is at least 1 in any case",
    (
        "planners/evaluation/optimality.py",
        "optimal = bool(regrets[worst] <= tolerance)",
        "LtE -> Lt",
    ): "a regret is known to rounding only",
    (
        "planners/evaluation/optimality.py",
        "unit = max(1.0, float(np.abs(mdp.rewards).max()))",
        "1.0 -> 2.0",
    ): "what is asked is not what is claimed: the claim is checked below",
    (
        "planners/evaluation/optimality.py",
        "if not plan.error_bound <= tolerance / 2:",
        "LtE -> Lt",
    ): "a bound that is exactly what was asked for may be proven again",
    (
        "planners/methods/policy_iteration.py",
        "doubt = 2.0 * residual + (FLOOR if thorough else 2.0) * problem.rounding(values, best)",
        "2.0 -> 4.0",
    ): "which steps are taken is a choice; what is claimed is proven of the values at the end",
    (
        "planners/methods/policy_iteration.py",
        "if needed > FLOOR * rounding or problem.discount == 1.0:",
        "1.0 -> 2.0",
    ): "exact evaluation or sweeps may take over: what is claimed is proven of the values at the end",
    (
        "planners/equations/mean_rewards.py",
        "unit, terms = float(np.finfo(np.float64).eps), int(np.diff(P.indptr).max()) + 8",
        "8 -> 9",
    ): "a larger doubt is on the safe side",
    (
        "planners/equations/mean_rewards.py",
        "values, settled = np.zeros(P.shape[1]), 0",
        "0 -> 1",
    ): "fractions may take over one sweep earlier",
    (
        "gridworld_env/ground_truth.py",
        "self._model, self._truth = model, Truth(plan, 1)",
        "1 -> 2",
    ): "a place for an environment that nobody steps",
    (
        "gan_lab/truth.py",
        "counted = np.where(q > 0, losses, 0.0)",
        "0.0 -> 1.0",
    ): "atoms without mass count for nothing",
    (
        "gan_lab/payoffs/losses.py",
        "return (scores.where(weights > 0, 0.0) * weights).sum()",
        "0.0 -> 1.0",
    ): "atoms without mass count for nothing",
    (
        "gan_lab/payoffs/penalties.py",
        "return ((squared_slopes(between, judge(between)) + 1e-12).sqrt() - 1).square().mean()",
        "1e-12 -> 2e-12",
    ): "it only keeps the slope of the root finite where a score is flat",
}
