"""What a tree with one more verdict, `spiked`, does with it; run by test_new_verdict in that tree.

    python -m tests.stability.new_verdict_facts STUDY

Prints one JSON object.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import lab
from lab.config import StabilityConfig
from lab.engine.progress import VERDICT_STYLE
from lab.record import (
    RULED,
    RUN_FILE,
    RunCard,
    VerdictCard,
    read_card,
    read_json,
    read_study,
    run_folder,
    write_json,
)
from lab.record.score import final_quality
from lab.stability.confidence import more_sensitive
from lab.stability.rules import RULES
from lab.stability.verdict import stored_verdict
from lab.validate.planted.tables import CALLED
from reports import write_report
from reports.sections.findings.findings import findings
from reports.study.tables import run_table
from tests.made_up.synthetic import write_study
from tests.stability.rows import EVERY, HEALTHY, judged, run_rows


def facts(folder: Path) -> dict[str, object]:
    losses = [None, *[1.0] * 7, 2e4, *[1.0] * 4]
    verdict = judged(run_rows(HEALTHY, signal_generator_loss=losses))
    assert verdict is not None
    study = write_study(folder, 3, samples=False, verdict="stable")
    path = run_folder(study, 1, 0) / RUN_FILE
    write_json(
        path, read_json(path) | {"status": "finished", "verdict": verdict.stored().model_dump()}
    )
    record = read_study(study)
    limits = StabilityConfig()
    return {
        "tree": str(Path(lab.__file__).parent.parent),
        "judged": [verdict.name, verdict.onset_images, verdict.evidence, verdict.confidence],
        "every": EVERY,
        "order": [list(RULED), list(RULES)],
        "sensitive": [
            more_sensitive(limits, name, 2.0).explosion_norm / limits.explosion_norm
            for name in ("spiked", "stable", "degraded")
        ],
        "final_quality": final_quality(0.8, "spiked"),
        "stored": stored_verdict(read_card(path, RunCard).verdict or VerdictCard()) == verdict,
        "read": record.runs[1].verdict,
        "terminal": VERDICT_STYLE.get("spiked"),
        "validated": "spiked" in CALLED,
        "outcome": run_table(record)["outcome"].tolist(),
        "claims": [finding.claim for finding in findings(record)],
        "page": str(write_report(study)),
    }


if __name__ == "__main__":
    print(json.dumps(facts(Path(sys.argv[1]))))
