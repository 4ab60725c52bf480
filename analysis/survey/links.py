"""An outcome under a family and a link, as a function of the linear predictor.

Scores and information for the iterations of `irls`. Families, links and variance functions are
those of statsmodels. For binary outcomes the tails are written out: a probability that has rounded
to 1 has no complement left, and an outcome that is separated would seem to have converged there.

References
----------
McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed. Chapman & Hall, section 2.5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import special
from statsmodels.genmod import families
from statsmodels.genmod.families import links

Pair = tuple[np.ndarray, np.ndarray]

FAMILIES = {
    "gaussian": families.Gaussian,
    "binomial": families.Binomial,
    "poisson": families.Poisson,
    "gamma": families.Gamma,
}
"""Families by name, each with its canonical link unless told."""
LINKS = {
    "identity": links.Identity,
    "log": links.Log,
    "logit": links.Logit,
    "probit": links.Probit,
    "cloglog": links.CLogLog,
    "inverse": links.InversePower,
}
"""Links by name."""
BOUNDS: dict[tuple[type, type], tuple[float, float]] = {
    (families.Binomial, links.Log): (-np.inf, 0.0),
    (families.Binomial, links.Identity): (0.0, 1.0),
    (families.Poisson, links.Identity): (0.0, np.inf),
    (families.Gamma, links.Identity): (0.0, np.inf),
    (families.Gamma, links.InversePower): (0.0, np.inf),
}
"""Open interval of linear predictors whose means the family has; of other links all have one."""
AT_BOUND = {
    (families.Binomial, links.Log): "For risk ratios take the poisson family, whose standard "
    "errors hold for a binary outcome too, or margins of a logistic model.",
    (families.Binomial, links.Identity): "For risk differences take margins of a logistic model, "
    "or the gaussian family, whose standard errors hold for a binary outcome too.",
}
"""What to do where the best fit lies on the border of the range."""
CANONICAL = {
    families.Gaussian: links.Identity,
    families.Binomial: links.Logit,
    families.Poisson: links.Log,
    families.Gamma: links.InversePower,
}
"""Links under which observed and expected information are the same."""


def named(kinds: dict[str, type], given: Any) -> str:
    """Give the name of a family or link."""
    names = [name for name, kind in kinds.items() if type(given) is kind]
    return names[0] if names else type(given).__name__.lower()


@dataclass(frozen=True)
class Response:
    """An outcome with its family and link.

    Linear predictors (`eta`) are of shape (m,) and include the offset.

    Parameters
    ----------
    y : array, shape (m,)
        For the binomial family 0 or 1.
    family : statsmodels family
    barrier : float
        Positive on the way to a solution: this times the logarithm of the distance to each bound
        is added to a row's log likelihood, so that no step leads there.
    """

    y: np.ndarray
    family: Any
    barrier: float = 0.0

    @cached_property
    def canonical(self) -> bool:
        """Whether the link is the family's canonical one."""
        return CANONICAL.get(type(self.family)) is type(self.family.link)

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """Open interval in which linear predictors must lie."""
        return BOUNDS.get((type(self.family), type(self.family.link)), (-np.inf, np.inf))

    @property
    def bounded(self) -> bool:
        """Whether some linear predictors have no mean in the family."""
        return self.bounds != (-np.inf, np.inf)

    @property
    def name(self) -> str:
        """The family and its link, in words."""
        return f"{named(FAMILIES, self.family)} model with {named(LINKS, self.family.link)} link"

    @property
    def remedy_for_runaway(self) -> str:
        """What to do where coefficients run away."""
        if isinstance(self.family, families.Binomial | families.Poisson):
            return (
                "Usually a category in which nobody, or everybody, has the outcome (separation). "
                "Merge categories or leave the term out."
            )
        return "Take another link, or leave the term out."

    @property
    def remedy_at_bound(self) -> str:
        """What to do where the best fit lies on the border of the family's range."""
        return AT_BOUND.get(
            (type(self.family), type(self.family.link)),
            "Take the log link, whose means are always positive.",
        )

    @property
    def has_units(self) -> bool:
        """Whether the linear predictor is in the outcome's units, or in one over these."""
        return isinstance(self.family.link, links.Power) and not self._tails

    @cached_property
    def _tails(self) -> Tails | None:
        if isinstance(self.family, families.Binomial):
            return TAILS.get(type(self.family.link))
        return None

    @cached_property
    def _event(self) -> np.ndarray:
        return np.asarray(self.y == 1)

    def take(self, rows: np.ndarray) -> Response:
        """Give the same of some of the rows."""
        return Response(self.y[rows], self.family, self.barrier)

    def mean(self, eta: np.ndarray) -> np.ndarray:
        """Give the means."""
        return np.asarray(self.family.link.inverse(eta))

    def at(self, eta: np.ndarray) -> Pair:
        r"""Give each row's score and expected information by its linear predictor.

        .. math:: u = (y - \mu) \mu' / V(\mu), \qquad i = \mu'^2 / V(\mu)
        """
        if self._tails:
            of_event, of_none = self._tails.scores(eta)
            score, information = np.where(self._event, of_event, -of_none), of_event * of_none
        else:
            mean = self.mean(eta)
            slope = self.family.link.inverse_deriv(eta)
            ratio = slope / self.family.variance(mean)
            score, information = (self.y - mean) * ratio, slope * ratio
        if self.barrier:
            below, above = self._sides(eta)
            score = score + self.barrier * (1 / below - 1 / above)
            information = information + self.barrier * (1 / below**2 + 1 / above**2)
        return score, information

    def observed(self, eta: np.ndarray) -> np.ndarray:
        r"""Give each row's observed information: less the derivative of its score.

        .. math:: i - (y - \mu) (\mu'' / V - \mu'^2 V' / V^2)
        """
        if self._tails:
            of_event, of_none = self._tails.observed(eta)
            found = np.where(self._event, of_event, of_none)
        else:
            mean = self.mean(eta)
            slope, bend = self.family.link.inverse_deriv(eta), self.family.link.inverse_deriv2(eta)
            variance, growth = self.family.variance(mean), self.family.variance.deriv(mean)
            curvature = bend / variance - slope**2 * growth / variance**2
            found = slope**2 / variance - (self.y - mean) * curvature
        if self.barrier:
            below, above = self._sides(eta)
            found = found + self.barrier * (1 / below**2 + 1 / above**2)
        return np.asarray(found)

    def deviance(self, eta: np.ndarray, weights: np.ndarray) -> float:
        """Tell how far the fit is from the outcome; NaN or infinite out of bounds."""
        if self._tails:
            event, none = self._tails.logs(eta)
            found = -2 * float((weights * np.where(self._event, event, none)).sum())
        else:
            found = float(self.family.deviance(self.y, self.mean(eta), var_weights=weights))
        if self.barrier:
            logs = sum(np.log(side) for side in self._sides(eta) if np.isfinite(side).all())
            found -= 2 * self.barrier * float((weights * logs).sum())
        return found

    def _sides(self, eta: np.ndarray) -> Pair:
        return eta - self.bounds[0], self.bounds[1] - eta

    def reach(self, eta: np.ndarray, along: np.ndarray) -> float:
        """Give the multiple of a move at which the first row meets its bound."""
        low, high = self.bounds
        with np.errstate(divide="ignore", invalid="ignore"):
            down = np.where(along < 0, (low - eta) / along, np.inf)
            up = np.where(along > 0, (high - eta) / along, np.inf)
        return float(min(down.min(), up.min()))

    def gap(self, eta: np.ndarray) -> np.ndarray:
        """Give each row's distance to its nearest bound."""
        low, high = self.bounds
        return np.minimum(eta - low, high - eta)

    def inside(self, eta: np.ndarray) -> bool:
        """Whether every row is within its bounds."""
        low, high = self.bounds
        return bool(((eta > low) & (eta < high)).all())


@dataclass(frozen=True)
class Tails:
    """A binary outcome under a link.

    Each function gives a pair of arrays: for an event, and for none.

    Parameters
    ----------
    logs : callable
        Logarithms of the two probabilities, p and 1 - p.
    scores : callable
        Their derivatives by the linear predictor, the second with its sign changed. Their product
        is the expected information.
    observed : callable
        The second derivatives of both logarithms with their signs changed.
    """

    logs: Callable[[np.ndarray], Pair]
    scores: Callable[[np.ndarray], Pair]
    observed: Callable[[np.ndarray], Pair]


def _logit_logs(eta: np.ndarray) -> Pair:
    small = np.log1p(np.exp(-np.abs(eta)))  # of the smaller probability's complement
    return np.minimum(eta, 0.0) - small, -np.maximum(eta, 0.0) - small


def _logit_scores(eta: np.ndarray) -> Pair:
    odds = np.exp(-np.abs(eta))  # of the less likely
    likely, unlikely = 1 / (1 + odds), odds / (1 + odds)
    above = eta > 0
    return np.where(above, unlikely, likely), np.where(above, likely, unlikely)


def _logit_observed(eta: np.ndarray) -> Pair:
    event, none = _logit_scores(eta)
    return event * none, event * none


def _probit_scores(eta: np.ndarray) -> Pair:
    # The normal density over its tail area (the inverse of Mills' ratio), which has no underflow.
    root = np.sqrt(2 / np.pi)
    return root / special.erfcx(-eta / np.sqrt(2)), root / special.erfcx(eta / np.sqrt(2))


def _probit_observed(eta: np.ndarray) -> Pair:
    event, none = _probit_scores(eta)
    return event * (event + eta), none * (none - eta)


def _cloglog_logs(eta: np.ndarray) -> Pair:
    hazard = np.exp(np.clip(eta, -700, 700))
    return np.log(-np.expm1(-hazard)), -hazard


def _cloglog_scores(eta: np.ndarray) -> Pair:
    hazard = np.exp(np.clip(eta, -700, 700))
    return hazard / np.expm1(hazard), hazard


def _cloglog_observed(eta: np.ndarray) -> Pair:
    event, hazard = _cloglog_scores(eta)
    return event * (hazard / -np.expm1(-hazard) - 1), hazard


def _log_logs(eta: np.ndarray) -> Pair:
    return eta, np.log(-np.expm1(eta))


def _log_scores(eta: np.ndarray) -> Pair:
    return np.ones_like(eta), 1 / np.expm1(-eta)


def _log_observed(eta: np.ndarray) -> Pair:
    odds = 1 / np.expm1(-eta)
    return np.zeros_like(eta), odds * (1 + odds)


TAILS = {
    links.Logit: Tails(
        _logit_logs,
        _logit_scores,
        _logit_observed,
    ),
    links.Probit: Tails(
        lambda eta: (special.log_ndtr(eta), special.log_ndtr(-eta)),
        _probit_scores,
        _probit_observed,
    ),
    links.CLogLog: Tails(_cloglog_logs, _cloglog_scores, _cloglog_observed),
    links.Log: Tails(_log_logs, _log_scores, _log_observed),
    links.Identity: Tails(
        lambda eta: (np.log(eta), np.log1p(-eta)),
        lambda eta: (1 / eta, 1 / (1 - eta)),
        lambda eta: (1 / eta**2, 1 / (1 - eta) ** 2),
    ),
}
