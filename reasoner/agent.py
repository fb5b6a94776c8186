"""Ask questions: the product's front desk."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from functools import cache

from search.budget import Budget, parse_seconds
from search.meter import Spent
from search.stop import StopWhen
from search.strategy import strategy as find_strategy
from search.tree import Tree
from verifiers import Problem, domain, recognise

from .answer import Answer
from .catalog import DEFAULT, find_model, fingerprint
from .engine import Engine
from .errors import RunError, UsageError
from .question import check_question
from .recorder import replay
from .records import BestAnswer, Header, Limits, Resume
from .runs import Store, new_run_id
from .sync import run
from .thinking import Opener, Plan, Thinking
from .traces import Trace, TraceWriter

GENERAL_NOTE = (
    "no verifier knows this kind of question, so agreement is the only measure of confidence; "
    "the bundled model knows countdown, arithmetic, equations and short word problems: "
    "for anything else bring a bigger model with --model FOLDER"
)


class Reasoner:
    """Answers questions with one model; many questions at once share its engine.

    ``model``: a name from the catalog or a model's folder; loaded with the first question.
    ``store``: where runs are saved. Safe to use from several threads and event loops.
    """

    def __init__(self, model: str = DEFAULT, *, store: Store | None = None) -> None:
        self.model = model
        self.store = store or Store()
        self._find = find_model(model)  # an unknown name is reported before anything is loaded
        self._engine: Engine | None = None
        self._lock = threading.Lock()

    def engine(self) -> Engine:
        """The engine, loaded on first use. Raises ``ModelError``."""
        with self._lock:
            if self._engine is None:
                self._engine = self._find()
            return self._engine

    def close(self) -> None:
        """Free the model; the next question would load it again."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def __enter__(self) -> Reasoner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stream(
        self,
        question: str | Problem,
        think: str | float | None = "30s",
        *,
        strategy: str = "auto",
        stop_when: str = "confident",
        max_tokens: int | None = None,
        max_nodes: int | None = None,
        seed: int = 0,
        save: bool = True,
    ) -> Thinking:
        """Accept a question; iterate the result asynchronously to watch it being thought about.

        ``think``: ``"90s"``, ``"10m"``, ``"1h30m"``, seconds, or None for no time limit.
        Raises ``UsageError`` when something about the request makes no sense.
        """
        if isinstance(question, str):
            question = recognise(check_question(question))
        problem = question.public()
        limits = Limits(None if think is None else seconds(think), max_tokens, max_nodes)
        plan = make_plan(problem, limits, strategy, stop_when, seed, self.model)

        def open_new(engine: Engine) -> tuple[TraceWriter, str]:
            family = domain(problem.domain)
            header = Header(
                run_id=new_run_id(),
                created=datetime.now(UTC).isoformat(timespec="milliseconds"),
                question=problem.question,
                domain=problem.domain,
                prompt=problem.prompt,
                data=dict(problem.data),
                level=problem.level,
                model=self.model,
                fingerprint=fingerprint(engine),
                verifier=f"{family.name}@{family.version}",
                strategy=strategy,
                stop_when=plan.stop_when,
                seed=seed,
                limits=limits,
            )
            self.store.prepare()
            writer = TraceWriter(self.store.path(header.run_id))
            writer.write(header)
            self.store.prune(keep=header.run_id)
            return writer, header.run_id

        return Thinking(plan, self.engine, open_new if save else None)

    def resume(
        self,
        run_id: str,
        think: str | float = "30s",
        *,
        strategy: str | None = None,
        stop_when: str | None = None,
    ) -> Thinking:
        """Go on with a saved run on the same tree, ``think`` ("+30s" reads the same) longer.

        Also after ``kill -9``. Raises ``RunError`` when the run is in use or unreadable.
        """
        added = seconds(think.removeprefix("+") if isinstance(think, str) else think)
        trace = self.store.read(run_id)
        header = trace.header
        past = revive(trace)
        sittings = sum(isinstance(record, Resume) for record in trace.records)
        limits = Limits(past.used.seconds + added)
        plan = make_plan(
            past.problem, limits,
            strategy or header.strategy, stop_when or header.stop_when,
            header.seed + 1 + sittings, self.model,
        )  # fmt: skip

    def ask(self, question: str | Problem, think: str | float | None = "30s", **options: object) -> Answer:
        ...
