"""Linear algebra on blocks (pixel, row, column) of matrices. What does not belong here: other arrays; wire names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from eo_pipeline.sandbox.errors import ServiceError


def _checked(block: np.ndarray, *, square: bool = False) -> np.ndarray:
    if block.ndim != 3 or (square and block.shape[1] != block.shape[2]):
        kind = "a square matrix" if square else "a matrix"
        raise ServiceError(f"Array: Expected {kind}, got an array of lengths {list(block.shape[1:])}.")
    return block.astype(np.float64)


def _solvable(block: np.ndarray) -> np.ndarray:
    matrices = _checked(block, square=True)
    if (np.linalg.matrix_rank(matrices) < matrices.shape[1]).any():
        raise ServiceError("Array.matrixInverse: The matrix is singular.")
    return matrices


def multiplied(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The products of matrices."""
    if left.ndim != 3 or right.ndim != 3 or left.shape[2] != right.shape[1]:
        raise ServiceError(
            f"Array.matrixMultiply: Cannot multiply {list(left.shape[1:])} and {list(right.shape[1:])} matrices."
        )
    return np.asarray(left.astype(np.float64) @ right.astype(np.float64))


def solved(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """X of left * x = right; of too many equations the least-squares solution."""
    if _checked(left).shape[1] != _checked(right).shape[1]:
        raise ServiceError("Array.matrixSolve: Both matrices must have the same number of rows.")
    if left.shape[1] < left.shape[2]:
        raise ServiceError("Array.matrixSolve: There are fewer equations than unknowns.")
    return np.asarray(np.linalg.pinv(_checked(left)) @ right)


def _diagonal(block: np.ndarray) -> np.ndarray:
    return np.asarray(np.diagonal(_checked(block), axis1=1, axis2=2)[..., None])


def _to_diagonal(block: np.ndarray) -> np.ndarray:
    if block.ndim != 3 or block.shape[2] != 1:
        raise ServiceError("Array.matrixToDiag: Expected a matrix of one column.")
    return np.asarray(block * np.eye(block.shape[1]))


OF_ONE: Mapping[str, tuple[Callable[[np.ndarray], np.ndarray], int]] = {
    "matrixInverse": (lambda block: np.linalg.inv(_solvable(block)), 2),
    "matrixPseudoInverse": (lambda block: np.linalg.pinv(_checked(block)), 2),
    "matrixDeterminant": (lambda block: np.linalg.det(_checked(block, square=True)), 0),
    "matrixTrace": (lambda block: np.trace(_checked(block, square=True), axis1=1, axis2=2), 0),
    "matrixFnorm": (lambda block: np.linalg.norm(_checked(block), axis=(1, 2)), 0),
    "matrixDiagonal": (_diagonal, 2),
    "matrixToDiag": (_to_diagonal, 2),
}
"""Functions of one matrix by name, and how many axes the result has."""

OF_TWO: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "matrixMultiply": multiplied,
    "matrixSolve": solved,
}
"""Functions of two matrices by name."""
