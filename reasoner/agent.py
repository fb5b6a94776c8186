"""Ask questions: the product's front desk."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache
from typing import ParamSpec, TypedDict, TypeVar, Unpack

from search import Budget, StopWhen, parse_seconds, strategy
from verifiers import Problem, signed

from .answer import Answer
from .catalog import DEFAULT, Model, find_model
from .chosen import Asked, choose, choose_again
from .errors import RunError, UsageError
from .recorder import revive
from .records import Header, Knots, Limits, Resume
from .runs import Store, new_run_id
from .sync import run
from .thinking import Plan, Thinking
from .traces import TraceWriter


class Options(TypedDict, total=False):
    """How to think. ``stop_when``: verified, confident (the default) or budget. ``verifier``:
    judges in its domain's place. ``unsafe_exec``: where no sandbox works, do without one."""

    strategy: str
    stop_when: str
    max_tokens: int | None
    max_nodes: int | None
    max_dollars: float | None
    seed: int
    save: bool
    verifier: Asked | None
    unsafe_exec: bool


class Reasoner:
    """Answers questions with one model; many at once share its engine.

    ``model``: a name from the catalog or a model's folder, loaded with the first question; or a
    model that is loaded already.
    ``store``: where runs are saved. ``verifier``: judges all answers, unless a question brings
    another: a name, ``./file.py:function``, ``package.module:function``, a function or a verifier.
    Safe to use from several threads and event loops.
    Raises ``ModelError`` for an unknown model at once, for a broken one when it is loaded.
    """

    def __init__(
        self,
        model: str | Model = DEFAULT,
        *,
        store: Store | None = None,
        verifier: Asked | None = None,
    ) -> None:
        self.store = store or Store()
        self.verifier = verifier
        self._lock = threading.Lock()
        self._loaded: Model | None = None
        if isinstance(model, Model):
            self.model, self._loaded = model.name, model
        else:
            self.model, self._find = model, find_model(model)

    def load(self) -> Model:
        """The model, loaded on first use."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._find()
            return self._loaded

    def close(self) -> None:
        """Stop the engine. No question can be asked after this."""
        with self._lock:
            if self._loaded is not None:
                self._loaded.engine.close()

    def __enter__(self) -> Reasoner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stream(
        self,
        question: str | Problem,
        think: str | float | None = "30s",
        **options: Unpack[Options],
    ) -> Thinking:
        """Accept a question; iterate over the result to watch it being thought about.

        ``think``: ``"90s"``, ``"10m"``, ``"1h30m"``, seconds, or None for no time limit.
        Raises ``UsageError`` when something about the request makes no sense.
        """
        _check_options(options)
        limits = Limits(
            None if think is None else _sensible(parse_seconds, think),
            options.get("max_tokens"),
            options.get("max_nodes"),
            options.get("max_dollars"),
        )
        asked, unsafe = options.get("verifier") or self.verifier, options.get("unsafe_exec", False)
        chosen = choose(asked, question, unsafe)
        problem = chosen.problem
        plan = Plan(
            problem,
            _sensible(limits.budget),
            check_strategy(options.get("strategy", "auto")),
            check_stop_when(options.get("stop_when", StopWhen.CONFIDENT)),
            options.get("seed", 0),
            self.model,
            chosen.verifier,
            note=chosen.note_for(self.model),
        )

        def open_trace(model: Model) -> tuple[str, TraceWriter]:
            run_id = new_run_id()
            self.store.prepare()
            writer = TraceWriter.begin(
                self.store.path(run_id),
                Header(
                    run_id=run_id,
                    created=datetime.now(UTC).isoformat(timespec="seconds"),
                    question=problem.question,
                    domain=problem.domain,
                    prompt=problem.prompt,
                    data=dict(problem.data),
                    model=self.model,
                    fingerprint=model.fingerprint,
                    verifier=signed(chosen.verifier),
                    strategy=plan.strategy,
                    stop_when=plan.stop_when,
                    seed=plan.seed,
                    limits=limits,
                    curve=_knots(model, problem),
                    judge=chosen.spec,
                ),
            )
            self.store.prune(keep=run_id)
            return run_id, writer

        return Thinking(plan, self.load, open_trace if options.get("save", True) else None)

    def ask(
        self,
        question: str | Problem,
        think: str | float | None = "30s",
        **options: Unpack[Options],
    ) -> Answer:
        """The best answer that ``think`` buys. Works in a script, a thread, a running loop."""
        return run(self.aask(question, think, **options))

    async def aask(
        self,
        question: str | Problem,
        think: str | float | None = "30s",
        **options: Unpack[Options],
    ) -> Answer:
        """:meth:`ask` for callers with an event loop of their own."""
        return await self.stream(question, think, **options).result()

    def resume(
        self,
        run_id: str,
        think: str | float = "30s",
        *,
        strategy: str | None = None,
        stop_when: str | None = None,
        verifier: Asked | None = None,
        unsafe_exec: bool = False,
    ) -> Thinking:
        """Think on: the same tree, ``think`` longer ("+30s" reads as "30s"); after ``kill -9`` too.

        The model is this reasoner's, the verifier the run's; one that was given in Python must be
        given again. Raises ``RunError`` when the run is in use or unreadable, and when its
        verifier is gone or another by now.
        """
        added_s = _sensible(
            parse_seconds, think.removeprefix("+") if isinstance(think, str) else think
        )
        path = self.store.path(run_id)
        writer: TraceWriter | OSError
        try:
            writer = TraceWriter(path, create=False)  # locked from here on
        except FileNotFoundError:
            raise RunError(f"no run {run_id} is saved in {self.store.folder}") from None
        except OSError as error:
            writer = error
        try:
            trace = self.store.read(run_id)
            header, past = trace.header, revive(trace)
            chosen = choose_again(verifier or self.verifier, past.problem, header, unsafe_exec)
            limits = Limits(past.used.seconds + added_s)
            plan = Plan(
                past.problem,
                Budget(limits.asked_s),
                check_strategy(strategy or past.terms.strategy),
                check_stop_when(stop_when or past.terms.stop_when),
                past.terms.seed,
                self.model,
                chosen.verifier,
                past.tree,
                past.used,
                past.first_answer_s,
                chosen.note_for(self.model),
            )
        except BaseException:
            if isinstance(writer, TraceWriter):
                writer.close()
            raise

        def open_trace(model: Model) -> tuple[str, TraceWriter]:
            if isinstance(writer, OSError):
                raise writer
            if model.fingerprint != header.fingerprint:
                warnings.warn(
                    f"run {run_id} was begun with other weights ({header.model} "
                    f"{header.fingerprint}, now {model.fingerprint}); thinking goes on with these",
                    stacklevel=2,
                )
            writer.truncate(trace.good_bytes)
            writer.write(
                Resume(
                    past.used.seconds,
                    len(past.tree),
                    plan.strategy,
                    plan.stop_when,
                    plan.seed,
                    limits,
                    _knots(model, past.problem),
                )
            )
            return run_id, writer

        locked = writer if isinstance(writer, TraceWriter) else None
        return Thinking(plan, self.load, open_trace, locked)


@cache
def shared_reasoner(model: str = DEFAULT) -> Reasoner:
    """One reasoner a model for the whole process, so that its weights load once."""
    return Reasoner(model)


def ask(
    question: str,
    think: str | float | None = "30s",
    *,
    model: str = DEFAULT,
    **options: Unpack[Options],
) -> Answer:
    """The best answer that ``think`` buys: ``ask("Use 4 5 6 10 to make 24", think="10s")``."""
    return shared_reasoner(model).ask(question, think, **options)


def check_strategy(name: str) -> str:
    _sensible(strategy, name)
    return name


def check_stop_when(name: str) -> StopWhen:
    try:
        return StopWhen(name)
    except ValueError:
        known = ", ".join(StopWhen)
        raise UsageError(f"expected a stop-when of {known}, found {name!r}") from None


def _check_options(options: Options) -> None:
    """Raise ``UsageError`` for an option there is none of: a typo would think otherwise."""
    known = list(Options.__annotations__)
    for name in options:
        if name not in known:
            near = get_close_matches(name, known, 1, 0.5)
            hint = f"did you mean {near[0]!r}?" if near else "leave it out"
            raise UsageError(f"expected options of {', '.join(known)}, found {name!r}; {hint}")


def _knots(model: Model, problem: Problem) -> Knots | None:
    """The curve behind this model's confidence, to be saved beside what it was used on."""
    curve = model.calibration.confidence.get(problem.domain)
    return None if curve is None else tuple(curve)


P = ParamSpec("P")
T = TypeVar("T")


def _sensible(make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``make`` returns, its ValueError turned into a :class:`UsageError`."""
    try:
        return make(*args, **kwargs)
    except ValueError as error:
        raise UsageError(str(error)) from None
