"""A process that is asked by one line and answers by one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

from nexapp.local.processes import ROOT


class Pipe:
    def __init__(self, name: str, questions: IO[str], answers: IO[str]) -> None:
        self._name, self._questions, self._answers = name, questions, answers

    def ask(self, line: str) -> str:
        print(line, file=self._questions, flush=True)
        return self.hear()

    def hear(self) -> str:
        if not (answer := self._answers.readline()):
            raise RuntimeError(f"{self._name} ended")
        return answer


@contextmanager
def pipe(argv: Sequence[str], env: Mapping[str, str] | None = None) -> Iterator[Pipe]:
    process = subprocess.Popen(argv, env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError(f"{argv[-1]} has no pipes")
        try:
            yield Pipe(argv[-1], process.stdin, process.stdout)
        finally:
            process.terminate()
