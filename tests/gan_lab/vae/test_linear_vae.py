"""The linear VAE: its density, its maximum likelihood and its ELBO against SciPy, scikit-learn and sampling."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.decomposition import PCA

from gan_lab import WiringError
from gan_lab.vae import LinearEncoder, LinearVAE
from gan_lab.vae.vanishing_noise import vanishing_noise


def drawn_model(rng: np.random.Generator, size: int | None = None, latent_size: int | None = None) -> LinearVAE:
    size = size or int(rng.integers(2, 6))
    latent_size = int(rng.integers(1, size)) if latent_size is None else latent_size
    return LinearVAE(rng.normal(size=(size, latent_size)), rng.normal(size=size), float(rng.uniform(0.2, 1.5)))


def drawn_encoder(rng: np.random.Generator, model: LinearVAE) -> LinearEncoder:
    size, latent_size = model.loadings.shape
    root = rng.normal(size=(latent_size, latent_size))
    covariance = root @ root.T / 4 + 0.1 * np.eye(latent_size)
    return LinearEncoder(rng.normal(size=(latent_size, size)) / 3, rng.normal(size=latent_size) / 3, covariance)


@pytest.mark.parametrize("latent_size", [0, 1, 3, 5])  # none, few, as many as dimensions, more
def test_the_density_is_that_of_scipy(latent_size: int, rng: np.random.Generator) -> None:
    model = drawn_model(rng, 3, latent_size)
    points = 3 * rng.normal(size=(20, 3))
    covariance = model.loadings @ model.loadings.T + model.std**2 * np.eye(3)
    expected = multivariate_normal(model.mean, covariance).logpdf(points)
    np.testing.assert_allclose(model.log_density(points), expected, rtol=1e-9)


def test_the_fit_is_that_of_scikit_learn(rng: np.random.Generator) -> None:
    data = rng.normal(size=(300, 6)) @ rng.normal(size=(6, 6)) + rng.normal(size=6)
    held_out = rng.normal(size=(40, 6))
    for latent_size in range(1, 6):
        model, other = LinearVAE.fit(data, latent_size), PCA(latent_size).fit(data)
        # scikit-learn divides the covariance by n - 1; maximum likelihood divides it by n.
        variances = other.get_covariance() * (len(data) - 1) / len(data)
        np.testing.assert_allclose(model.loadings @ model.loadings.T + model.std**2 * np.eye(6), variances, rtol=1e-8)
        scale = (len(data) / (len(data) - 1)) ** 0.5
        unbiased = LinearVAE(model.loadings * scale, model.mean, model.std * scale)
        np.testing.assert_allclose(unbiased.log_density(held_out), other.score_samples(held_out), rtol=1e-8)


def test_no_other_model_is_likelier(rng: np.random.Generator) -> None:
    data = rng.normal(size=(200, 4)) * [3.0, 2.0, 1.0, 0.5]
    model = LinearVAE.fit(data, 2)
    best = model.log_density(data).mean()
    for _ in range(50):
        step = 10.0 ** rng.uniform(-3, 0)
        near = LinearVAE(
            model.loadings + step * rng.normal(size=(4, 2)),
            model.mean + step * rng.normal(size=4),
            model.std * float(np.exp(step * rng.normal())),
        )
        assert near.log_density(data).mean() <= best + 1e-12
    for std in model.std * rng.uniform(0.5, 2.0, size=5):  # a fixed std: at most as likely, and W is the best for it
        fixed = LinearVAE.fit(data, 2, float(std))
        likelihood = fixed.log_density(data).mean()
        assert likelihood <= best + 1e-12
        other = LinearVAE(fixed.loadings + 0.05 * rng.normal(size=(4, 2)), fixed.mean, fixed.std)
        assert other.log_density(data).mean() <= likelihood + 1e-12


def test_the_gap_is_the_kl_to_the_posterior(rng: np.random.Generator) -> None:
    model = drawn_model(rng)
    points = 2 * rng.normal(size=(30, len(model.mean)))
    encoder, posterior = drawn_encoder(rng, model), model.posterior()
    density, elbo = model.log_density(points), model.elbo(points, encoder)
    gap = encoder.kl_to(posterior, points)
    assert (gap > 0).all()
    np.testing.assert_allclose(density - elbo, gap, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(model.elbo(points), density, rtol=1e-10)  # Lucas et al. 2019: no gap at the posterior


def test_the_elbo_and_the_posterior_by_sampling(rng: np.random.Generator) -> None:
    """The definitions, with z drawn: E_q [log p(x, z) - log q(z | x)], and Bayes' rule at any z."""
    model = drawn_model(rng, 3, 2)
    encoder, x = drawn_encoder(rng, model), rng.normal(size=(1, 3))
    prior, noise = multivariate_normal(np.zeros(2)), multivariate_normal(np.zeros(3), model.std**2 * np.eye(3))
    q = multivariate_normal(encoder.means(x)[0], encoder.covariance)
    z = q.rvs(200_000, random_state=rng)
    joint = noise.logpdf(x - model.decode(z)) + prior.logpdf(z)
    terms = joint - q.logpdf(z)
    # Six standard errors: 2e-9 for a normal mean, and the mean of 200 000 quadratic forms of z is nearly normal.
    assert abs(terms.mean() - model.elbo(x, encoder)[0]) < 6 * terms.std() / len(z) ** 0.5
    posterior = model.posterior()
    p = multivariate_normal(posterior.means(x)[0], posterior.covariance)
    np.testing.assert_allclose(joint[:50] - p.logpdf(z[:50]), model.log_density(x)[0], rtol=1e-8)


def test_samples_have_the_covariance_of_the_model(rng: np.random.Generator) -> None:
    model = drawn_model(rng, 3, 2)
    noise = rng.standard_normal((40_000, model.noise_size))
    root = np.linalg.cholesky(model.loadings @ model.loadings.T + model.std**2 * np.eye(3))
    white = np.linalg.solve(root, (model.act(noise) - model.mean).T)
    # 0.05 is 7 standard errors of a variance (chi-squared, 40 000 degrees) and 10 of a covariance: 1e-11 together.
    np.testing.assert_allclose(np.cov(white), np.eye(3), atol=0.05)


def test_vanishing_noise_in_closed_form(rng: np.random.Generator) -> None:
    data = rng.normal(size=(400, 3)) @ (rng.normal(size=(3, 3)) + 2 * np.diag([3.0, 1.0, 1.0]))
    eigenvalues = np.sort(np.linalg.eigvalsh(np.cov(data.T, bias=True)))
    stds = [1e-1, 1e-3, 1e-5]
    assert stds[0] ** 2 < eigenvalues[-1]
    table = vanishing_noise(data, 1, stds)
    for row in table:
        volume = 3 * np.log(2 * np.pi) + np.log(eigenvalues[2]) + 2 * np.log(row.std**2)
        assert row.log_p_data == pytest.approx(-0.5 * (volume + 1 + eigenvalues[:2].sum() / row.std**2), rel=1e-9)
        assert row.log_p_manifold == pytest.approx(-0.5 * (volume + 1), rel=1e-6)
        assert row.posterior_std == pytest.approx(row.std / eigenvalues[2] ** 0.5, rel=1e-6)
    # To -inf off the manifold, to +inf on it; the gradient times std^2 is the distance that stays.
    assert (
        table.column("log_p_data")[-1] < -1e6
    )  # the two small eigenvalues add up to less than 2e-4 in 1e-9 of the runs
    assert np.all(np.diff(table.column("log_p_manifold")) > 8)  # d - k = 2, two powers of ten: 2 log 100
    limit = eigenvalues[:2].sum() ** 0.5
    assert [row.gradient * row.std**2 for row in table[1:]] == pytest.approx([limit, limit], rel=1e-3)
    assert np.all(np.diff(table.column("kl_to_prior")) > 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LinearVAE([[1.0]], [0.0], 0.0), "std is 0.0; expected a number above 0: with none, p"),
        (lambda: LinearVAE([1.0], [0.0], 1.0), r"shapes \(1,\) and \(1,\); expected \(d, k\), \(d,\)"),
        (lambda: LinearVAE([[np.nan]], [0.0], 1.0), "not finite"),
        (lambda: LinearVAE.fit([[0.0], [1.0]], 1), r"latent_size is 1; expected 0 to 0"),
        (lambda: LinearVAE.fit([[0.0, 0.0], [1.0, 1.0]], 1), "the data lie in 1 directions"),
        (lambda: LinearVAE.fit([0.0, 1.0], 0), r"shape \(2,\); expected \(n, d\)"),
        (lambda: LinearVAE([[1.0]], [0.0], 1.0).log_density([0.0]), r"shape \(1,\); expected \(n, 1\)"),
        (lambda: LinearVAE([[1.0]], [0.0], 1.0).act([[0.0]]), r"expected \(n, 2\), z and decoder noise"),
        (lambda: LinearEncoder([[1.0]], [0.0], [[-1.0]]), "positive definite"),
        (lambda: LinearEncoder([[1.0]], [0.0, 1.0], [[1.0]]), r"expected \(k, d\), \(k,\) and \(k, k\)"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(WiringError, match=message):
        call()
