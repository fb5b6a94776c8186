"""The settings of a run: all that decides what it plays, learns and accepts."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = 1  # of the run's folder


class Settings(BaseModel):
    """Fixed when a run begins and kept in its ledger: the same command goes on with the same.

    Sizes are of one generation. ``tokens``: of search for a problem, unless ``think_s`` says
    seconds; tokens make a run repeatable, seconds do not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str  # name or folder of the base
    domains: tuple[str, ...]
    seed: int = 0
    think_s: float | None = Field(default=None, gt=0)
    tokens: int = Field(default=400, gt=0)
    plan: str = "auto"  # strategy of the plays; "sample" makes it plain expert iteration
    problems: int = Field(default=4000, gt=0)  # played for training
    proposed: float = Field(default=0.2, ge=0, le=1)  # of those, so many are edits of old ones
    placement: int = Field(default=40, ge=0)  # played by System 1 in each cell before the first
    steps: int = Field(default=600, gt=0)  # of training, at most
    epochs: float = Field(default=6.0, gt=0)  # a line is learned so often, at most
    rows: int = Field(default=20, gt=1)  # of a batch
    length: int = Field(default=400, gt=0)  # tokens of a row; no lesson is longer
    rate: float = Field(default=6e-4, gt=0)  # learning rate at its peak
    kl: float = Field(default=0.02, ge=0)  # weight of the divergence from the champion
    value_weight: float = Field(default=0.1, ge=0)  # of the value's loss against the policy's
    blend: float = Field(default=0.6, gt=0, le=1)  # share of what was learned in the challenger
    lora: int = Field(default=0, ge=0)  # rank of the adapters; 0: all weights are trained
    expert: float = Field(
        default=0.5, ge=0, le=1
    )  # share of rows with demonstrations in every batch
    calibration: int = Field(default=400, gt=0)  # reserved problems that calibrate a challenger
    samples: int = Field(default=8, gt=0)  # lines of each of them
    duel_batch: int = Field(default=48, gt=0)  # problems of a family between looks at the score
    duel_policy: int = Field(default=4000, gt=0)  # of a family at most, System 1
    duel_search: int = Field(default=480, gt=0)  # of a family at most, each search budget
    duel_tokens: tuple[int, int] = (250, 1000)  # the small and the large search budget
    window: int = Field(default=20_000, gt=0)  # plays learned from; grows as a power law
    lease_s: float = Field(default=120.0, gt=0)  # for a problem, besides its search time

    @property
    def patience_s(self) -> float:
        """A worker that keeps a problem longer is replaced."""
        return self.lease_s + (self.think_s or 0.0)

    def scaled(self, share: float) -> Settings:
        """Smaller generations, for a shorter run. The arena stays as large as it is: with fewer
        bouts nothing could be shown, for or against."""
        sizes = {name: getattr(self, name) for name in ("problems", "steps", "calibration")}
        return self.model_copy(
            update={name: max(1, round(size * share)) for name, size in sizes.items()}
        )
