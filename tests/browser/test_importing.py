"""A file is dropped or chosen, looked at, corrected, imported, and its refused rows come back."""

from __future__ import annotations

from pathlib import Path

from hone.loop import Workspace
from tests.browser.seat import Seat
from tests.importers.slack_exports import export_of, packed, said

ROWS = "".join(f"Where is gate {n}?,Gate {n} is behind hall {n}.,east\n" for n in range(40))
PAIRS = "Question,Answer\n" + ROWS.replace(",east", "")
DROP = """([text, name]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, { type: "text/csv" }));
  for (const kind of ["dragover", "drop"]) {
    const event = new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true });
    document.querySelector(".drop").dispatchEvent(event);
  }
}"""


def chosen(seat: Seat, tmp_path: Path, text: str, name: str = "gates.csv") -> Seat:
    (tmp_path / name).write_text(text)
    seat.go("#/import").page.locator(".drop input[type=file]").set_input_files(tmp_path / name)
    seat.sees("What this file is")
    return seat


def test_a_chosen_file_is_shown_imported_and_reviewed(
    seat: Seat, workspace: Workspace, tmp_path: Path
) -> None:
    chosen(seat, tmp_path, "Queries,Expected Response,Side\n" + ROWS)
    seat.sees("Where is gate 0?").sees("Gate 0 is behind hall 0.")
    assert seat.field("question").input_value() == "Queries"
    assert seat.field("answer").input_value() == "Expected Response"
    seat.click("Import about 40 rows").sees("gates.csv is imported")
    assert workspace.store.examples.counters("harbour")["pending"] == 64
    seat.page.reload()
    seat.sees("gates.csv is imported").click("Review them", role="link").stands_at("Pair 1 / 64")


def test_a_dropped_file_is_taken_too(seat: Seat) -> None:
    seat.go("#/import").page.locator(".drop").wait_for()
    seat.page.evaluate(DROP, [PAIRS, "dropped.csv"])
    seat.sees("dropped.csv").sees("Where is gate 0?")


def test_the_mapping_is_asked_for_and_corrected(
    seat: Seat, workspace: Workspace, tmp_path: Path
) -> None:
    chosen(seat, tmp_path, "left,right,side\n" + ROWS)
    seat.sees("First decide:")
    assert seat.named("Import about").is_disabled()
    seat.field("question").select_option("left")
    seat.page.get_by_label("answer", exact=True).select_option("right")
    seat.sees("Gate 0 is behind hall 0.").click("Import about 40 rows").sees("is imported")
    assert workspace.store.examples.counters("harbour")["pending"] == 64


def test_answers_that_are_right_are_accepted_in_ones_name(
    seat: Seat, workspace: Workspace, tmp_path: Path
) -> None:
    chosen(seat, tmp_path, PAIRS)
    seat.page.get_by_role("switch", name="The answers are already right").check()
    seat.click("Import about 40 rows").sees("is imported")
    assert workspace.store.examples.counters("harbour")["accepted"] == 40


def test_people_of_a_slack_export_are_hidden_and_notices_counted(
    seat: Seat, tmp_path: Path
) -> None:
    joined = said("<@U2> has joined", subtype="channel_join")
    path = packed(tmp_path / "acme.zip", export_of(said("<@U2> has kale"), joined))
    seat.go("#/import").page.locator(".drop input[type=file]").set_input_files(path)
    seat.sees("@George Boole has kale").page.get_by_label("Hide who is who").click()
    seat.sees("@person-").click("Import about 1 rows").sees("acme.zip is imported")
    seat.sees("Left out").sees("notice channel_join")


def test_refused_rows_are_counted_explained_and_downloaded(
    seat: Seat, workspace: Workspace, tmp_path: Path
) -> None:
    chosen(seat, tmp_path, PAIRS + ",no question\n")
    seat.click("Import about").sees("Why rows were refused")
    with seat.page.expect_download() as waiting:
        seat.click("Download the refused rows", role="link")
    assert "no question" in Path(waiting.value.path()).read_text()


def test_a_file_that_cannot_be_read_says_why(seat: Seat, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    seat.go("#/import").page.locator(".drop input[type=file]").set_input_files(
        tmp_path / "empty.csv"
    )
    seat.page.locator(".failure").wait_for()


def test_an_empty_workspace_leads_to_the_import(seat: Seat, tmp_path: Path, serve, sit) -> None:
    from hone.loop import init_workspace, open_workspace

    init_workspace(tmp_path / "new", template="qa").close()
    ws = open_workspace(tmp_path / "new")
    other = sit(serve(ws)).open("#/review").sees("Nothing to review yet")
    other.click("Import a file", role="link").sees("Drop a file here")
    ws.close()
