"""Questions whose passages are marked, different enough to stand beside each other in a dataset."""

from __future__ import annotations

from hone import loop
from hone.loop import Workspace
from hone.records.review import Decision
from hone.workspace.store.json_text import to_text
from tests.browser.samples import row

PLACES = (
    "the chapel on the rock", "our rope works", "the old customs yard", "a drowned orchard",
    "the pilots' stairs", "the herring market", "the powder cellar", "the signal mast",
    "the coal jetty", "the widow's bakery", "the floating school", "the ice house",
)  # fmt: skip


def add_questions(ws: Workspace) -> list[str]:
    """A dozen pending questions of the task harbour, each with a passage that answers it."""
    made = [
        row(
            "harbour",
            100 + place,
            {"question": f"Since when does {name} belong to the town?"},
            [
                (
                    "import",
                    {"answer": f"It has belonged to the town since {1701 + 13 * place}."},
                    None,
                )
            ],
            context=to_text(
                [
                    {
                        "text": f"In {1701 + 13 * place} {name} came to the town by a gift.",
                        "source": "chronicle.pdf",
                        "page": place + 1,
                        "is_golden": True,
                    }
                ]
            ),
        )
        for place, name in enumerate(PLACES)
    ]
    ws.store.examples.add_many(made)
    return [one.id for one in made]


def accept(ws: Workspace, ids: list[str]) -> None:
    """Accept all of them as Ada."""
    said = {"verdict": "accept", "reviewer": "ada"}
    loop.decide(
        ws, [Decision.model_validate({"op_id": id, "example_id": id, **said}) for id in ids]
    )
