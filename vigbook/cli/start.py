"""How the command starts, and how it ends: signals, odd names, a full disk, a fault of ours."""

from __future__ import annotations

import io
import os
import signal
import sys

from vigbook.cli.commands import app
from vigbook.cli.output import complain
from vigbook.errors import Problem
from vigbook.system.rights import keep_private

_TYPERS_INTERRUPTED = 130  # how typer ends on Ctrl-C, without a word


def main() -> None:
    """Runs the command.

    Raises:
        KeyboardInterrupt: a person or the system asked it to stop.
        SystemExit: with the command's exit code.
    """
    # Asked to end by the system, or by a terminal that is closed, tidy up just as for Ctrl-C.
    for number in (signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])):
        if signal.getsignal(number) == signal.SIG_DFL:  # `nohup` wants it to go on
            signal.signal(number, signal.default_int_handler)
    keep_private()
    # A file's name may be no text at all; `\udce9` for such a byte is good JSON, too.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except SystemExit as err:
        if err.code == _TYPERS_INTERRUPTED:
            raise KeyboardInterrupt from err
        raise
    except OSError as err:
        from vigbook.system.atomic import output_error

        complain(output_error(err.filename or "a file", err).problems)
        sys.exit(1)
    except Exception as err:
        # A fault of ours. The person gets a sentence; whoever mends it asks for the rest.
        if os.environ.get("VIGBOOK_DEBUG"):
            raise
        problem = Problem(
            found=f"vigbook itself failed ({type(err).__name__}: {err})",
            mend="nothing is half-written; tell the team with VIGBOOK_DEBUG=1 set",
        )
        complain([problem])
        sys.exit(1)
