"""The command's first step: from here on Ctrl-C ends in one line, with nothing half-written."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Runs the command; an interruption is told in one line and ends with exit code 1."""
    try:
        # Inside, so that an interruption while Python still loads is no traceback either.
        from vigbook.cli.start import main as run

        run()
    except KeyboardInterrupt:
        print(
            "Stopped. Nothing is half-written; run the same command again to go on.",
            file=sys.stderr,
        )
        sys.exit(1)
    finally:
        # All is done or taken away. What asks it to end while Python tidies up ends it in silence.
        for number in signal.valid_signals():
            if signal.getsignal(number) is signal.default_int_handler:
                signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    main()
