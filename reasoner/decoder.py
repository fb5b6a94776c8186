"""The decoder: every sample in flight, one token an iteration, forked where they diverge.

Samples of a group that have written the same tokens so far are one row of the batch; each draws
its own token, and the row forks where they differ. This is exactly independent sampling, but
shared beginnings are computed once and equal samples merge by themselves.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator

import torch
from torch import Tensor

from .engine import Finish
from .group import Group, Line
from .kv_cache import PrefixCache
from .network import Network, Vocabulary
from .row import Phase, Row, shared_start
from .row_store import RowStore
from .stats import Stats
from .threads import ThreadChoice

_PREFILL_TOKENS = 1024  # prompts, padded, in one pass


class Decoder:
    """The batch. Not thread-safe: one caller admits groups and steps."""

    def __init__(
        self,
        model: Network,
        tokenizer: Vocabulary,
        cache: PrefixCache,
        *,
        max_rows: int,
        batch_bytes: int,
        threads: int,
    ) -> None:
        """``max_rows``: rows at most; fewer when ``batch_bytes`` of storage do not hold them."""
        self.stats = Stats()
        self._model, self._tokenizer, self._cache = model, tokenizer, cache
        self.max_rows, self._batch_bytes = max_rows, batch_bytes
        self._threads = ThreadChoice(threads, torch.set_num_threads)
        special = tokenizer.special
        self._good_bad = torch.tensor([special.good, special.bad])
        unused = range(tokenizer.size, model.config.vocab)  # rows that only round the matrix off
        self._banned = torch.tensor([*tokenizer.silent, *unused], dtype=torch.int64)
        self._rows: list[Row | None] = []
        self._began = 0.0  # this iteration, by time.perf_counter
        self._store, self._draft = (RowStore(model.config, model.kv_dtype) for _ in range(2))

    @property
    def busy(self) -> bool:
        """Whether anything is in flight."""
        return any(self._rows)

    def row_limit(self, longest: int) -> int:
        """How many rows of up to ``longest`` tokens may be in flight at once."""
        return max(1, min(self.max_rows, self._store.rows_within(self._batch_bytes, longest)))

    def reset(self) -> None:
        """Empty the batch and the cache, after an error."""
        self._rows.clear()
        self._store.clear()
        self._draft.clear()
        self._cache.clear()

    def shrink(self) -> int:
        """Fewer rows from now on, half of those there are; returns how many."""
        self.max_rows = max(1, min(self.max_rows, len(self._rows)) // 2)
        return self.max_rows

    def admit(self, waiting: deque[Group]) -> None:
        """Take groups from the left while they fit; each gets its first row."""
        began = time.perf_counter()
        wave: list[tuple[int, Row]] = []
        live = [row for row in self._rows if row] if waiting else []
        rows = sum(len(row.samples) for row in live)
        longest = max((row.group.longest for row in live), default=0)
        while waiting:
            group = waiting[0]
            if group.cancelled:
                waiting.popleft()
                continue
            # It must fit even if every sample comes to need its own row.
            rows, longest = rows + group.samples, max(longest, group.longest)
            if rows > group.samples and rows > self.row_limit(longest):
                break
            waiting.popleft()
            prompts = [row.group.prompt for _, row in wave]
            width = max(map(len, (*prompts, group.prompt)))
            if group.prompt in prompts or (len(wave) + 1) * width > _PREFILL_TOKENS:
                self._prefill(wave)  # so that an equal prompt finds this one's in the cache
                wave = []
            end = len(group.prompt) - 1  # the last token goes with the next iteration
            row = Row(group, list(range(group.samples)), group.prompt[-1], end)
            wave.append((self._place(row), row))
        self._prefill(wave)
        self.stats.busy_s += time.perf_counter() - began

    def step(self) -> list[Group]:
        """One token for every row; returns the groups that are done."""
        self._began = began = time.perf_counter()
        rows = self._compact()
        done = self._advance(rows) if rows else []
        self.stats.kv_bytes = self._cache.used * self._cache.token_bytes
        self.stats.rows = sum(row is not None for row in self._rows)
        self.stats.busy_s += time.perf_counter() - began
        return done

    # --- one iteration ---

    def _advance(self, rows: list[Row]) -> list[Group]:
        """Feed, sample, fork and finish; ``rows`` are dense."""
        hidden = self._feed(rows)
        tokens, logprobs = self._sample(hidden, rows)
        goods = self._read_values(hidden, rows)
        forks: list[tuple[int, Row]] = []  # place of the parent, child
        done: dict[Group, None] = {}
        end = 0  # of the row's draws
        for place, row in enumerate(rows):
            row.stored += 1
            row.group.computed += 1
            if row.phase is Phase.WRITE:
                start, end = end, end + len(row.samples)
                branches = row.branches(tokens[start:end], logprobs[start:end])
                live = [branch for branch in branches if self._goes_on(place, branch)]
                if live and live[0] is row:
                    continue  # nothing changed hands: most rows, most of the time
                self._rows[place] = live[0] if live else None
                forks += [(place, branch) for branch in live[1:]]
            elif row.phase is Phase.CLOSE:
                row.phase, row.feed = Phase.PROBE, self._tokenizer.special.value
            else:
                self._finish(place, row, next(goods))
                self._rows[place] = None
            if not row.group.left:
                done[row.group] = None
        if forks:
            places = [self._place(branch) for _, branch in forks]
            self._copy([parent for parent, _ in forks], places)
        return list(done)

    def _prefill(self, wave: list[tuple[int, Row]]) -> None:
        """Fill new rows with all but the last token of their prompts, cached or computed."""
        if not wave:
            return
        self._store.reserve(len(self._rows), max(row.stored for _, row in wave))
        found = [self._cache.match(row.group.prompt) for _, row in wave]
        missing = []
        for (place, row), slots in zip(wave, found, strict=True):
            if len(slots) < row.stored:
                missing.append((place, row, slots))
            elif slots:
                self._cache.load(slots, self._store.row(place))
            row.group.computed += row.stored - len(slots)
            self.stats.tokens += row.stored - len(slots)
            self.stats.prompt_tokens += len(row.group.prompt)
            self.stats.cache_hits += len(slots)
        if missing:
            self._compute(missing)  # last: what it keeps may push out what was found

    def _compute(self, missing: list[tuple[int, Row, list[int]]]) -> None:
        """Prompts that are not wholly cached, padded to one pass in storage of its own.

        Padding writes past a row's end only, and is not copied from there.
        """
        starts = [len(slots) for _, _, slots in missing]
        width = max(row.stored - start for (_, row, _), start in zip(missing, starts, strict=True))
        last = self._model.config.context - 1
        span = min(last + 1, max(starts) + width)
        self._draft.reserve(len(missing), span)
        tokens = []
        for i, (_, row, slots) in enumerate(missing):
            if slots:
                self._cache.load(slots, self._draft.row(i))
            new = row.group.prompt[len(slots) : row.stored]
            tokens.append([*new, *[self._tokenizer.special.pad] * (width - len(new))])
        positions = (torch.tensor(starts).unsqueeze(1) + torch.arange(width)).clamp_(max=last)
        self._pass(torch.tensor(tokens), positions, self._draft, span)
        for i, (place, row, _) in enumerate(missing):
            drafted = self._draft.row(i)
            self._store.row(place)[:, :, :, : row.stored] = drafted[:, :, :, : row.stored]
            self._cache.store(row.group.prompt, row.stored, drafted)

    def _feed(self, rows: list[Row]) -> Tensor:
        """Hidden states [B, H] after each row's next token."""
        span = 1 + max(row.stored for row in rows)
        self._store.reserve(len(rows), span)
        self.stats.iterations += 1
        self.stats.tokens += len(rows)
        tokens = torch.tensor([row.feed for row in rows]).unsqueeze(1)
        positions = torch.tensor([row.stored for row in rows]).unsqueeze(1)
        return self._pass(tokens, positions, self._store, span, shared_start(rows))

    def _pass(
        self, tokens: Tensor, positions: Tensor, store: RowStore, span: int, shared: int = 0
    ) -> Tensor:
        """Through the network, with as many threads as pay; see ``Llama.forward``."""
        return self._threads.run(
            tokens.size(0),
            tokens.numel(),
            lambda: self._model.forward(tokens, positions, store.keys, store.values, span, shared),
        )

    def _sample(self, hidden: Tensor, rows: list[Row]) -> tuple[list[int], list[float]]:
        """A token and its log-probability for each sample of each writing row, in order."""
        writing = [i for i, row in enumerate(rows) if row.phase is Phase.WRITE]
        if not writing:
            return [], []
        if len(writing) < len(rows):
            hidden, rows = hidden[writing], [rows[i] for i in writing]
        for group in dict.fromkeys(row.group for row in rows):
            group.draw()
        temperatures = [row.group.temperature for row in rows]
        tokens, logprobs = self._model.choose(
            self._model.logits(hidden).index_fill_(1, self._banned, -math.inf),
            torch.tensor(temperatures),
            torch.tensor([i for i, row in enumerate(rows) for _ in row.samples]),
            torch.tensor([row.group.uniforms[sample] for row in rows for sample in row.samples]),
            all(temperature == 1 for temperature in temperatures),
        )
        return tokens.tolist(), logprobs.tolist()

    def _read_values(self, hidden: Tensor, rows: list[Row]) -> Iterator[float]:
        """P(good) of each probed row, in order."""
        probed = [i for i, row in enumerate(rows) if row.phase is Phase.PROBE]
        if not probed:
            return iter(())
        logits = self._model.logits_of(hidden[probed], self._good_bad)
        return iter((logits[:, 0] - logits[:, 1]).sigmoid().tolist())

    def _goes_on(self, place: int, row: Row) -> bool:
        """Choose the row's next token to feed, now that ``row.feed`` was drawn; False: finished.

        ``place``: of the row it came from, whose storage is its own so far.
        """
        group, token = row.group, row.feed
        if token in self._tokenizer.ends:
            row.finish = Finish.END
            row.phase, row.feed = Phase.PROBE, self._tokenizer.special.value  # after the last token
        else:
            row.tokens.append(token)
            if group.stop is not None and self._stopped(row, group.stop):
                row.finish = Finish.STOP
            elif len(row.tokens) < group.max_tokens and self._began < group.until:
                return True
            row.phase = Phase.CLOSE
        if not group.value:
            self._finish(place, row, None)
        return group.value

    def _stopped(self, row: Row, stop: bytes) -> bool:
        pieces = self._tokenizer.pieces
        if stop[-1:] not in pieces[row.tokens[-1]]:
            return False
        return stop in b"".join([pieces[token] for token in row.tokens[-len(stop) :]])

    def _finish(self, place: int, row: Row, good: float | None) -> None:
        """Report the row's samples and keep its keys and values."""
        group, text = row.group, (*row.group.prompt, *row.tokens)
        group.lines.append(Line(tuple(row.tokens), len(row.samples), row.logprob, row.finish, good))
        group.left -= len(row.samples)
        stored = min(row.stored, len(text))  # the value token's are not the text's
        self._cache.store(text, stored, self._store.row(place))

    # --- places ---

    def _place(self, row: Row) -> int:
        """Put ``row`` in the first free place of the batch."""
        for place, other in enumerate(self._rows):
            if other is None:
                self._rows[place] = row
                return place
        self._rows.append(row)
        return len(self._rows) - 1

    def _compact(self) -> list[Row]:
        """Forget cancelled rows and close the holes; returns the rows, now dense."""
        self._rows = [row if row and not row.group.cancelled else None for row in self._rows]
        count = len(self._rows) - self._rows.count(None)
        holes = [i for i in range(count) if self._rows[i] is None]
        if holes:
            late = [i for i in range(count, len(self._rows)) if self._rows[i] is not None]
            for hole, i in zip(holes, late, strict=True):
                self._rows[hole] = self._rows[i]
            self._copy(late, holes)
        del self._rows[count:]
        return [row for row in self._rows if row]

    def _copy(self, sources: list[int], targets: list[int]) -> None:
        length = max(row.stored for row in (self._rows[i] for i in targets) if row)
        self._store.reserve(max(targets) + 1, length)
        self._store.copy(sources, targets, length)
