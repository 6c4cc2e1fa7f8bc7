"""Kills a program that writes answers, at random moments, over and over.

    python benchmarks/killing.py [trials]

Each trial (1,000) is a process that saves answers as a page does, and is ended by `kill -9`. Counts
the answers that were acknowledged and are not in the journal, and journals that cannot be read.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from vigbook.case.journal import read_journal, write_answer

# Forked from one that has loaded everything: a trial takes as long as it writes.
WRITER = """
import os, pathlib, secrets, sys
from vigbook.case.journal import write_answer
path = pathlib.Path(sys.argv[1])
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        base = None
        for number in range(100_000):
            value = "x" * (number * 37 % 9000)
            answer = write_answer(
                path, f"writer-{line.strip()}.see", value, by="mum", source="said", base=base,
                answer_id=secrets.token_hex(8), only_on_base=True,
            )
            base = answer.id
            os.write(1, f"saved {answer.id}\\n".encode())
    os.write(1, f"pid {pid}\\n".encode())
    os.waitpid(pid, 0)
    os.write(1, b"over\\n")
"""


def main() -> int:
    """Runs the trials, and returns 1 where anything was lost."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    chance = random.Random(4)
    lost = torn = acknowledged = 0
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "answers.jsonl"
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(journal)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdin
        assert process.stdout
        for trial in range(trials):
            journal.unlink(missing_ok=True)
            process.stdin.write(f"{trial}\n")
            process.stdin.flush()
            saved: list[str] = []
            pid = 0
            while not (pid and saved):
                kind, _, rest = process.stdout.readline().strip().partition(" ")
                if kind == "pid":
                    pid = int(rest)
                else:
                    saved.append(rest)
            time.sleep(chance.uniform(0, 0.06))
            subprocess.run(["kill", "-9", str(pid)], check=True)
            while (line := process.stdout.readline().strip()) != "over":
                saved.append(line.partition(" ")[2])
            after = write_answer(journal, "after", "x", by="mum", source="said")
            read = read_journal(journal)
            ids = {one.id for one in read.lines}
            # The last of what it told may be torn itself.
            lost += len({one for one in saved if len(one) == 16} - ids)
            acknowledged += len(saved)
            torn += len(read.torn)
            if read.lines[-1] != after:
                print(f"trial {trial}: the journal cannot be written any more")
                return 1
        process.stdin.close()
        process.wait()
    print(f"{trials} times killed; {acknowledged} answers acknowledged, {lost} of them lost")
    print(f"{torn} torn lines, each healed by the next answer; 0 journals that cannot be read")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
