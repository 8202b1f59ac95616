"""Eigenvalues of the game's Jacobian at its present weights: on demand, for small networks.

Both players together follow v(w) = (-grad_G L_G, -grad_D L_D) (Mescheder et al. 2017, eq. 4). The
eigenvalues of its Jacobian describe small steps: a positive real part moves away from the
equilibrium, and an imaginary part that is large against a negative real part rotates round it
(section 3 there).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs
from torch import Tensor

from lab.errors import InputError

MAX_PARAMETERS = 500_000
"""Of both players together: a product costs a double backward pass, a solve hundreds of them."""
DENSE_UP_TO = 32
"""For games with at most this many parameters the whole spectrum is computed."""
TOLERANCE = 1e-3
"""Relative error of an eigenvalue. Imaginary parts below this share of the modulus may be lost."""
MAX_RESTARTS = 20
NUM_EIGENVALUES = 10
"""At each end. With two, a game that hardly rotates gives only real eigenvalues, as the large ones
hide the others."""
NUM_VECTORS = 60
"""Size of the Krylov space; each restart costs about this many products."""
End = Literal["LR", "LI", "LM"]
ENDS: tuple[End, ...] = ("LR", "LI", "LM")
"""Largest real part, imaginary part and modulus, in ARPACK's words."""

Losses = Callable[[], tuple[Tensor, Tensor]]
"""What the generator and the critic minimise at their present weights, [] each, with a graph."""


class Spectrum(NamedTuple):
    """Extremes of the eigenvalues; NaN where the Arnoldi iteration did not converge."""

    real_max: float
    imag_max: float
    modulus_max: float


def require_small(num_parameters: int) -> None:
    """Raise InputError for a game that is too large for its Jacobian."""
    if num_parameters > MAX_PARAMETERS:
        raise InputError(
            f"stability.jacobian is true, but the networks have {num_parameters:,} parameters; it "
            f"is for at most {MAX_PARAMETERS:,}: lower network.width or set it to false"
        )


def game_spectrum(
    losses: Losses,
    generator: Sequence[Tensor],
    critic: Sequence[Tensor],
    start: Tensor,
    *,
    tolerance: float = TOLERANCE,
) -> Spectrum:
    """Extreme eigenvalues of the game's Jacobian in the players' parameters.

    `start` [num_parameters] is the first vector of the Arnoldi iteration, say a random one.
    """
    product, size = transposed_product(losses, generator, critic)
    if size <= DENSE_UP_TO:
        columns = [product(column) for column in np.eye(size)]
        values = dict.fromkeys(ENDS, np.linalg.eigvals(np.stack(columns)))
    else:
        operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
        begin = start.double().cpu().numpy()
        values = {end: _arnoldi(operator, end, begin, tolerance) for end in ENDS}
    return Spectrum(
        real_max=_largest(values["LR"].real),
        imag_max=_largest(np.abs(values["LI"].imag)),
        modulus_max=_largest(np.abs(values["LM"])),
    )


def transposed_product(
    losses: Losses, generator: Sequence[Tensor], critic: Sequence[Tensor]
) -> tuple[Callable[[NDArray[np.float64]], NDArray[np.float64]], int]:
    """x -> J^T x, and the number of parameters; J^T has the eigenvalues of J.

    One backward pass through v, whose graph is kept: J^T x = grad_w (v(w) . x).
    """
    weights = [*generator, *critic]
    of_generator, of_critic = losses()
    field = [
        -gradient
        for loss, player in ((of_generator, generator), (of_critic, critic))
        for gradient in torch.autograd.grad(
            loss, list(player), create_graph=True, allow_unused=True, materialize_grads=True
        )
    ]
    sizes = [weight.numel() for weight in weights]

    def product(vector: NDArray[np.float64]) -> NDArray[np.float64]:
        flat = torch.from_numpy(np.array(vector, dtype=np.float64).reshape(-1)).to(weights[0])
        parts = [
            part.view(weight.shape)
            for part, weight in zip(torch.split(flat, sizes), weights, strict=True)
        ]
        # A gradient that no weight moves (an unused weight's, a linear loss's) has no graph.
        moving = [pair for pair in zip(field, parts, strict=True) if pair[0].requires_grad]
        if not moving:
            return np.zeros(sum(sizes))
        gradients = torch.autograd.grad(
            [one for one, _ in moving],
            weights,
            [part for _, part in moving],
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
        row = torch.cat([gradient.reshape(-1) for gradient in gradients])
        return row.double().cpu().numpy()

    return product, sum(sizes)


def generator_condition(generate: Callable[[Tensor], Tensor], codes: Tensor) -> float:
    """Condition number of M_z = J^T J with J = dG/dz, geometric mean over codes [B, latent_size].

    lambda_max / lambda_min = (s_max / s_min)^2 of J's singular values (Odena et al. 2018, section
    2; they report the mean logarithm). `generate` maps codes to images one by one, as in
    evaluation mode. Singular values below the rounding error are raised to it, so that a
    direction without effect gives a large number and not infinity.
    """
    smallest = torch.finfo(codes.dtype).eps
    logarithms = []
    for code in codes:
        directions = torch.eye(len(code), dtype=code.dtype, device=code.device)
        repeated = code.repeat(len(code), 1)
        columns: Tensor = torch.func.jvp(generate, (repeated,), (directions,))[1]
        values = torch.linalg.svdvals(columns.flatten(1))
        flat = values[0] == 0  # a generator without any effect; a NaN stays one
        least = torch.where(flat, 0.0, values[-1] / values[0]).clamp_min(smallest)
        logarithms.append(-2 * least.log())
    return float(torch.stack(logarithms).mean().exp())


def _arnoldi(
    operator: LinearOperator, end: End, start: NDArray[np.float64], tolerance: float
) -> NDArray[np.complex128]:
    """The extreme eigenvalues at one end, or none if they do not converge."""
    try:
        values: NDArray[np.complex128] = eigs(
            operator,
            k=min(NUM_EIGENVALUES, operator.shape[0] - 3),
            which=end,
            v0=start,
            ncv=min(NUM_VECTORS, operator.shape[0] - 1),
            tol=tolerance,
            maxiter=MAX_RESTARTS,
            return_eigenvectors=False,
        )
    except ArpackNoConvergence:
        values = np.empty(0, dtype=np.complex128)
    return values


def _largest(values: NDArray[np.float64]) -> float:
    return float(values.max()) if len(values) else float("nan")
