"""The wording of the plain notes; slots as in `report_wording`."""

# ruff: noqa: E501  (lists of wording read best as they are)

from __future__ import annotations

from . import plain_talk, report_wording
from .report_wording import CLOSERS

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
    "what: {r}\nwhere: {x}|place: {x}\nthings: {r}|in the van: {r} ({x})|in the car: {r} from {x}|{r} from {x} in the back|{r} from {x} {e}|{x} gave us {r} {e}|got {r} from {x} {e}|{e} {x} gave {r}|{p} helped me at {x}, we got {r}|{w} people helped at {x} and we got {r}|stop {w}, {x}, {r}|"
    "{k} {r} from {x}|{k} {r} at {x}|just {k} {r} from {x}|just {k} {r} at {x} {e}|i {k} {r} from {x} {e}|we {k} {r} at {x}|{p} {k} {r} at {x}|{p} {k} {r} from {x} {e}|{p} and {p} {k} {r} from {x}|{r} {k} from {x}|{r} {k} from {x} by {p}|{r} {k} at {x}|{r} {k} at {x} by {p}|"
    "{r} {k} {e} from {x}|{k} from {x}: {r}|{k} at {x}: {r}|{k} {e} at {x}, {r}|{x} done, {r}|{x} is done: {r}|{x} finished, {k} {r}|stop at {x} done, {r}|at {x} {p} {k} {r}|{p} at {x} gave me {r}|{p} from {x} brought {r}|{p} here, i have {r} from {x}|{p} here with {r} from {x}|"
    "the people at {x} gave us {r}|the team at {x} sent {r}|{x} was kind and gave {r}|{x} had too much, so we {k} {r}|{x} gave us {r}, plus some talk|{x} called and we {k} {r}|{x} had only {r}|{x} had only {r} {e}|{x} put {r} aside for us|{x} kept {r} for us|{x} spared {r}|{x} donates {r}|{x} donated {r} {e}|"
    "{r} given by {x}|{r}, given by {x}|{r} from {x} for {p}|{r} from {x} for {l}|{r} from {x}, going to {l}|{r} from {x}, now at {l}|not at {l} but at {x}: {r}|{l} had nothing, {x} gave {r}|before {l} i was at {x} and {k} {r}|we have {r} from {x} in the van|{p} has {r} from {x} in the car|there are {r} from {x} here|"
    "there was {r} at {x} and we {k} it|it was {r} at {x}|{w} minutes at {x}, {r}|{w} of us at {x} {k} {r}|{h} at {x}, {k} {r}|{d} at {x}: {r}|{d}: {r} from {x}|{r} from {x} on {d}|{e} we {k} {r} at {x}|{e}: {r} from {x}|{x} again, {r}|again {r} from {x}|{x} gave {r} for {w} people|{r} for {w} people from {x}"
)
PAST = "got|got|got|took|collected|received|picked up|picked up|loaded|brought|fetched|grabbed|gathered|packed|found|saved|bought|counted|hauled|carried"
HELLOS = "hi {p}|hi {p}|hey {p}|hello {p}|dear {p}|morning {p}|good evening {p}|{p}|{p} here|{p} and {p} here|it's {p}|hi {p} and {p}|hi {l}|morning|afternoon|evening|night|hello all|hi everyone|hey folks|hi there|good day|noon|{d}|{h}|{w}|stop {w}|day {w}|trip {w}|no {w}"
PLAIN_CLOSERS = (
    "still {w} stops to go|still have {w} to go|{w} more stops|{w} left|{w} stops left|stop {w} of {w}|eta {h}|there by {h}|back at {h}|see you at {h}|see you {d}|in {w} min|{w} minutes away|until {h}|next at {h}|{h} now|it is {h}|done by {h}|thanks {p}|thank you {p}|{p} was great|say hi to {p}|{p} helped|ask {p}|"
    "with {p}|{p} drove|driver {p}|{p} will tell|off to {l}|now to {l}|next stop {l}|next {l}|{l} is next|{l} was closed|on the way to {l}|bringing it to {l}|great people|great people there|nice people|kind people|lovely place|so nice|so much|very good|all fresh|all good|that was all|all for today|what a day|i love it|"
    "room {w}|van {w}|gate {w}|call me|call {p}|the rest {d}|more {d}|again {d}|not bad|thanks again|many thanks|best, {p}|love, {p}|- {p}|{p}"
)
FORM_THING = "what|thing|things|item|article|goods|what is it|product|kind|content"
FORM_AMOUNT = "how many|amount|number|count|quantity|qty|size|how big|total|load"
FORM_PLACE = "where|place|from|source|site|where from|giver|who gave it|stop|origin"
FORM_OTHER = "when|who|by|time|note|driver|remark|date|hour|name"
PLAIN_NOWHERE = (
    "{r}|{r}|{r}|{k} {r}|{k} {r}|{k} {r} {e}|just {k} {r}|i {k} {r}|we {k} {r} {e}|{p} {k} {r}|{p} and {p} {k} {r}|{r} {k}|{r} {k} by {p}|{r} {k} {e}|bringing {r} to {l}|i am bringing {r} to {l}|{p} is taking {r} to {l}|{r} going to {l}|{r} for {l}|{r} for {p}|dropping {r} at {l} at {h}|got {r}|got {r} {e}|i have {r}|we have {r}|{p} has {r}|{p} got {r}|{r} in the van|{r} here|{r} with me|{r} coming in with {p}|bringing {r}|bringing {r} to {l} at {h}|taking {r} over to {l}|so far: {r}|"
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
    "PAST": PAST.split("|"),
    "HELLOS": HELLOS.split("|"),
    "CLOSERS": PLAIN_CLOSERS.split("|") + CLOSERS.split("|"),
    "FORM_THING": FORM_THING.split("|"),
    "FORM_AMOUNT": FORM_AMOUNT.split("|"),
    "FORM_PLACE": FORM_PLACE.split("|"),
    "FORM_OTHER": FORM_OTHER.split("|"),
    "EACH_LINKS": EACH_LINKS.split("|"),
}
# The everyday wording keeps a good share of the draws beside the many rarer turns.
WEIGHTS = {
    "PLAIN": 3,
    "PLAIN_NOWHERE": 3,
    "PLAIN_MEASURED": 4,
    "PLAIN_BARE": 4,
    "PLAIN_OPEN": 3,
    "EACH": 3,
    "EACH_LINKS": 2,
}
LISTS |= {
    name: LISTS.get(name, report_wording.LISTS.get(name, [])) * WEIGHTS.get(name, 1) + texts
    for name, texts in plain_talk.LISTS.items()
}
