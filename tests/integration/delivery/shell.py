"""The real command line on the home of an office, whose clock stands still until a test moves it."""

import io
import os
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from office import DATASET, TOKEN, Office
from outbox import NOW

import waybill
from answer import Answer
from waybill.cli import main
from waybill.home import HomeFacts

_TOML = Path(waybill.__file__).parents[1] / "waybill.toml"


@dataclass
class Shell:
    """Calls ``waybill`` as a person does; ``options`` are lines of ``[destinations.meta]`` in waybill.toml."""

    office: Office
    options: dict[str, str] = field(default_factory=dict)
    now: datetime = NOW

    def waybill(self, *arguments: str, **environment: str) -> Answer:
        home = self.office.home
        home.create()
        home.facts_file.write_text(HomeFacts(is_sample=True, as_of=self.now, start_at=NOW.replace(day=1)).to_toml())
        given = {
            "WAYBILL_HOME": str(home.root),
            "WAYBILL_CONFIG": str(self._config()),
            "WAYBILL_META_DATASET_ID": DATASET,
            "WAYBILL_META_ACCESS_TOKEN": TOKEN,
            "WAYBILL_LEDGER_URI": self.office.home.ledger_uri.get_secret_value() if self.office.home.ledger_uri else "",
            "WAYBILL_META_BASE_URL": self.office.settings.destinations["meta"].base_url,
        }
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("WAYBILL_")]:
                patch.delenv(name)
            for name, value in {**given, **environment}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["waybill", *arguments])
            answer = _run()
        assert TOKEN not in answer.out + answer.err
        return answer

    def _config(self) -> Path:
        """The project's own waybill.toml with these options in place of its own."""
        lines = _TOML.read_text().splitlines()
        kept = [line for line in lines if line.split(" ")[0] not in self.options]
        place = kept.index("[destinations.meta]") + 1
        kept[place:place] = [f"{name} = {value}" for name, value in self.options.items()]
        path = self.office.home.root / "waybill.toml"
        path.write_text("\n".join(kept) + "\n")
        return path


def _run() -> Answer:
    """The command line as its entry point runs it, in this process: a new one takes seconds to begin."""
    out, err = io.StringIO(), io.StringIO()
    at_term = signal.getsignal(signal.SIGTERM)
    try:
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
    finally:
        signal.signal(signal.SIGTERM, at_term)
    return Answer(int(ended.value.code or 0), out.getvalue(), err.getvalue())
