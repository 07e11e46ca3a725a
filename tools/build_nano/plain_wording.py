"""The wording of the plain notes; slots as in `report_wording`."""

# ruff: noqa: E501  (lists of wording read best as they are)

from __future__ import annotations

PLAIN_MEASURED = "{q} of {t}|{q} of {t}|{q} of {t}|{q} of {t}|{q} {t}|{q} {t}|{q} {t}|{q} {t}|{t} {q}|{t} {q}|{t}, {q}|{t}: {q}|{t} ({q})|{t} - {q}|{t} x {q}"
PLAIN_BARE = "{q} {t}|{q} {t}|{q} {t}|{q} {t}|{q} {t}|{q} {t}|{t} x {q}|{t} ({q})|{t}: {q}|{t} {q}"
PLAIN_OPEN = "some {t}|some {t}|{t}|{t}|{t}|a few {t}|lots of {t}|a lot of {t}|several {t}|plenty of {t}|more {t}"
PLAIN = (
    "{x}: {r}|{x}: {r}|{x}: {r}|{x} - {r}|{x} - {r}|{x}, {r}|{x} {r}|{r} - {x}|{r} - {x}|{r}, {x}|{r} / {x}|{r} @ {x}|{r} from {x}|{r} from {x}|{r} from {x}|{r} from {x}|{r} at {x}|{r} ({x})|{x}\n{r}|{x}:\n{r}|{r}\n{x}|"
    "got {r} from {x}|got {r} at {x}|i got {r} from {x}|i have {r} from {x}|we have {r} from {x}|we took {r} from {x}|{p} got {r} from {x}|{p} has {r} from {x}|{p} and i got {r} at {x}|collected {r} from {x}|received {r} from {x}|"
    "brought {r} from {x}|loaded {r} at {x}|took in {r} from {x}|found {r} at {x}|bought {r} at {x}|counted {r} at {x}|{r} came from {x}|{r} came in from {x}|{r} received from {x}|{r} arrived from {x}|{r} brought by {p} from {x}|"
    "{x} gave us {r}|{x} gave me {r}|{x} gave {r}|{x} sent {r}|{x} sent us {r}|{x} had {r}|{x} had {r} for us|{x} left {r} for us|{x} brought {r}|{x} handed over {r}|{x} let us have {r}|{x} delivered {r}|{x} saved us {r}|{x} offered {r} and we took it all|"
    "at {x}: {r}|at {x} we got {r}|stopped at {x} and got {r}|went to {x}, they had {r}|was at {x}, got {r}|done at {x}, {r}|finished at {x}: {r}|first time at {x}, got {r}|{x} at {h}: {r}|{h} {x} - {r}|{h}, {x}, {r}|{r}, {x}, {h}|"
    "{x} was slow today but i got {r}|{x} was closed early, still got {r}|{l} was closed, so only {x}: {r}|only {x} today, {r}|leaving {x} with {r}|coming back from {x} with {r}|everything from {x}: {r}|all from {x}: {r}|{r}, all from {x}|what: {r}, where: {x}|"
    "what: {r}\nwhere: {x}|place: {x}\nthings: {r}|in the van: {r} ({x})|in the car: {r} from {x}|{r} from {x} in the back|{r} from {x} {e}|{x} gave us {r} {e}|got {r} from {x} {e}|{e} {x} gave {r}|{p} helped me at {x}, we got {r}|{w} people helped at {x} and we got {r}|stop {w}, {x}, {r}"
)
PLAIN_NOWHERE = (
    "{r}|{r}|{r}|got {r}|got {r} {e}|i have {r}|we have {r}|{p} has {r}|{p} got {r}|{r} in the van|{r} here|{r} with me|{r} coming in with {p}|bringing {r}|bringing {r} to {l} at {h}|taking {r} over to {l}|so far: {r}|"
    "received {r}|{r} received|{r} arrived {e}|loaded {r} at {h}|{r} from my last stop|in the car: {r}|{r}, no idea where from|total: {r}"
)
EACH = "{r} from {x}|{r} from {x}|{r} from {x}|{r} at {x}|{r} ({x})|{x}: {r}|{x}: {r}|{x} - {r}|{r} - {x}|{x} gave {r}|{x} had {r}|{x} sent {r}|{x}, {r}|{r} @ {x}|got {r} from {x}"
EACH_LINKS = "\n|\n|, |, |; | and |, then |. |. | + "

LISTS = {
    "PLAIN_MEASURED": PLAIN_MEASURED.split("|"),
    "PLAIN_BARE": PLAIN_BARE.split("|"),
    "PLAIN_OPEN": PLAIN_OPEN.split("|"),
    "PLAIN": PLAIN.split("|"),
    "PLAIN_NOWHERE": PLAIN_NOWHERE.split("|"),
    "EACH": EACH.split("|"),
    "EACH_LINKS": EACH_LINKS.split("|"),
}
