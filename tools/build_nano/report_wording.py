"""The wording of the plain reports: `{r}` what was received, `{x}` where; the other slots are filled at random.

`{s}` subject, `{g}` a verb of getting, `{f}` from, `{e}` when or how, `{p}` person, `{l}` a place that is not asked for,
`{t}` a thing that was not received, `{w}` a number that is no amount, `{h}` time, `{d}` day, `{m}` `{j}` `{a}` `{v}` talk.
"""

# ruff: noqa: E501  (lists of wording read best as they are)

from __future__ import annotations

MEASURED = "{q} of {t}|{q} of {t}|{q} of {t}|{q} of {t}|{q} of {t}|{q} {t}|{q} {t}|{q} {t}|{q} {t}|{q} {t}|{t} {q}|{t} {q}|{t}, {q}|{t}: {q}|{t} ({q})|{t} - {q}|{t} x {q}|about {q} of {t}|another {q} of {t}|{q} - {t}|the {q} of {t}"
BARE = "{q} {t}|{q} {t}|{q} {t}|{q} {t}|{q} {t}|{q} {t}|{t} x {q}|{t} ({q})|{t}: {q}|{t} {q}|{t}, {q}|another {q} {t}|about {q} {t}"
OPEN = "some {t}|some {t}|{t}|{t}|{t}|the {t}|a few {t}|lots of {t}|a lot of {t}|several {t}|plenty of {t}|a bunch of {t}|their {t}|more {t}|loads of {t}|all the {t}|a little {t}|extra {t}"
SUBJECTS = "i|i|i|we|we|we|they|{p}|{p}|{p} and i|my {m}|the {m}|our {m}|somebody|two of us|the team|me and {p}|the {j} {m}||||"
GOT_VERBS = (
    "got|got|have|took|received|picked up|collected|brought|loaded|packed|counted|carried|found|grabbed|am holding|am bringing|signed for|hauled|unloaded|stored|came back with|left with|"
    "was given|were handed|walked out with|now have|just got|just had|got handed|saved|put away|am driving|{v}ed|have {v}ed|{a} {v}ed|drove off with|made off with|came away with|bought"
)
FROM = "from|from|from|from|from|at|at|at|in|out of|off|over at|by|@|via|courtesy of|thanks to|down at|inside|outside|from over at|behind|up at|out at"
TERSE = (
    "{x}: {r}|{x}: {r}|{x}: {r}|{x} - {r}|{x} - {r}|{x}, {r}|{x} {r}|{r} - {x}|{r} - {x}|{r}, {x}|{r}, {x}|{r} / {x}|{r} @ {x}|{r} {f} {x}|{r} {f} {x}|{r} {f} {x}|{r} ({x})|{r} [{x}]|{x}\n{r}|{r}\n{x}|{x} ... {r}|"
    "{r}. {x}|{x}. {r}|{r}, that was {x}|from: {x} ¦ {r}|{r} ¦ {x}|where: {x}, what: {r}|what: {r}\nwhere: {x}|{h} {x} {r}|{x} {h} - {r}|{m} {w}, {x}, {r}|{m} {w}: {r}, {x}|{x} today: {r}|"
    "{x} {e}: {r}|{x} ({e}): {r}|donor {x}, {r}|{r}, donor: {x}|{r}, courtesy of {x}|{r} thanks to {x}|from {x}: {r}|at {x}: {r}|by {x}, {r}|sender {x}. {r}"
)
GOT = (
    "{s} {g} {r} {f} {x}|{s} {g} {r} {f} {x}|{s} {g} {r} {f} {x}|{s} {g} {r} {e} {f} {x}|{s} {g} {r} {f} {x} {e}|{s} {a} {g} {r} {f} {x}|{r} {v}ed {f} {x}|{r} {v}ed {f} {x} by {p}|{r} came {f} {x}|"
    "{r} came in {f} {x}|{r} arrived {f} {x} {e}|{r} is here {f} {x}|{r} {f} {x} is in the {m}|there is {r} {f} {x} in the {m}|the {m} holds {r} {f} {x}|{m} full: {r} {f} {x}|{s} {g} {r}, {m} {f} {x}|"
    "here is {r} {f} {x}|today's {m} {f} {x} is {r}|the {m} {f} {x} was {r}|{s} {g} {r}, all {f} {x}|{s} {g} {r} and it's all {f} {x}|{e} {s} {g} {r} {f} {x}|{s} {g} {r} that {x} could not {v}|"
    "{s} {g} {r} that {x} did not {v}|{s} {g} {r} {x} had {a}|{s} {g} {x}'s {r}|{r} {f} the {m} of {x}|{r} out of {x}'s {m}|{s} {g} {r} {f} the {m} at {x}|it is {r} this time, {f} {x}|not much, {r} {f} {x}|"
    "please {v} {r} {f} {x} in the {m}|who will {v} this {m}: {r} {f} {x}|the {m} says {r}, {x}|my {m} shows {r} {f} {x}|weighed {r} {f} {x}|written down: {r}, {x}"
)
GAVE = (
    "{x} gave {r}|{x} gave us {r}|{x} gave us {r} {e}|{x} gave me {r}|{x} sent {r}|{x} sent us {r}|{x} had {r}|{x} had {r} for us|{x} had {r} for me {e}|{x} has {r} for us, in the {m} now|{x} donated {r}|"
    "{x} left {r}|{x} left us {r} {e}|{x} packed {r} for us|{x} handed me {r}|{x} handed over {r}|{x} let us have {r}|{x} let me {v} {r}|{x} saved us {r}|{x} put {r} in my {m}|{x} filled my {m} with {r}|"
    "{x} dropped off {r}|{x} brought {r}|{x} delivered {r}|{x} insisted we {v} {r}|{x} {v}ed {r}|{x} {v}ed us {r}|{x} {a} {v}ed {r}|{x} said take {r}|{x} came through with {r}|{x} was throwing out {r}|"
    "{x} {v}ed their {m} so they gave us {r}|{x} made us {v} {r}|the {m} at {x} gave me {r}|the {m} at {x} {v}ed {r}|{p} at {x} had {r}|{p} from {x} brought {r}|the people at {x} gave {r}|{x}, always {j}, gave {r}|"
    "{x}'s {m} {v}ed {r}|{x}'s {m} gave us {r}|my {m} at {x} saved {r}|the {j} {m} of {x} sent {r} {e}|{x} could not {v} {r} so i did|{x} sends its {m} along with {r}|{x} parted with {r}|{x} spared {r}|{x} loaded me up with {r}"
)
THERE = (
    "at {x} {s} {g} {r}|at {x} with {p}, {s} {g} {r}|stopped at {x} and {s} {g} {r}|stopped at {x} around {h}, {g} {r}|was at {x} {e}, {g} {r}|{m} at {x} done, {r}|{m} at {x} {h}: {r}|{m} {w}, {x}: {r}|"
    "went to {x} {e} and {s} {g} {r}|went over to {x}, they had {r}|done at {x}: {r}|finished {x}, {r} in the {m}|i'm leaving {x} with {r}|left {x} at {h} with {r}|{v}ing at {x}. {r} in the {m}|{x} was {j} but {s} {g} {r}|"
    "{x} was a {j} {m}, {s} waited {w} minutes, {g} {r}|first time at {x}, {s} {g} {r}|{p} helped at {x}, {s} {g} {r}|{w} of us {v}ed at {x} and {g} {r}|{x} is {v}ed and {r} is in the {m}|{x} {v}ed me in, {s} {g} {r}|"
    "everything from {x} is in the {m}: {r}|all of {x}'s {m} is {v}ed: {r}|so {x} {v}ed {e}, and {s} {g} {r}|{x} had a {j} {m} and {r} came out of it|{x} closed early, still {g} {r}|{l} was closed, so only {x}: {r}|"
    "{l} had nothing, {x} had {r}|nothing at {l} but {x} gave {r}|{x}, {m} {w}. they had {r}|my {m} {v}s at {x}, so {s} {g} {r}|{x}'s {m} broke and {s} saved {r}|{x} called, {s} went, {s} {g} {r}|checked in at {x}, {s} {g} {r}"
)
NOWHERE = (
    "{r}|{r}|{r}|{s} {g} {r}|{s} {g} {r} {e}|{r} {e}|{r} in the {m}|{r} on board|{s} {a} {g} {r}|so far: {r}|{m}: {r}|{h} - {r}|{r} coming in with {p}|bringing {r} to {l}|taking {r} to {l} {e}|{p} has {r}|"
    "{r} {v}ed {e}|{s} {g} {r}, going to {l} now|{r} here, forgot where from|{s} {g} {r} but can't tell from where|the {m} has {r} in it|weighed {r} {a}|the {j} {m} holds {r}|{r} {f} somewhere on my {m}|{w}. {r}|on my {m}: {r}"
)
LINKS = (
    ". |, |; |\n|\n| and |, and |. also |, then |. after that |, plus |\n\n|. then | + |. next: "
)
OPENERS = (
    "hi|hello|hey|hi all|hey team|good morning|morning all|update|fyi|ok|so|note|hi {p}|hey {p}|thanks {p}|{p} here|this is {p}|evening all|yo|one more|done|great news|sorry, late|again|good afternoon|"
    "log|for the record|new entry|quick note|heads up|wow|finally|reminder to self|{h}|{d}|{m} {w}|guys|well|alright|yes|psst|report|{m} report|long {m}|{j} {m} but"
)
CLOSERS = (
    "thanks|thanks {p}|thank you all|cheers|thx|see you at {h}|back by {h}|heading to {l}|heading back now|more later|driver: {p}|driver was {p}|eta {h}|be there in {w} min|that's all|done for today|please {v} it|"
    "going to {l} next|on my way to {l}|will be at {l} {e}|{w} more to go|call me if you {v}|need help {v}ing|{m} is {j}|{j} {m} there|all in the {m}|lol|have a good one|bye|over|{p} will {v} it|don't wait for me|"
    "taking it to {l}|put it in the {m}|the {m} is full|no {t} this time|they had no {t}|very {j} {m}|my {m} hurts|what a {m}|then home|not {l} today|next week again|{l} tomorrow"
)
TALK = (
    "the {m} was {j}|we {v}ed the {m}|what a {j} {m}|{p} is {j} today|running {w} minutes late|i waited {w} minutes|it took {w} hours|{l} is closed until {d}|{l} was closed|nobody at {l}|going to {l} now|{p} {v}ed the {m}|"
    "the {m} is {j} and the {m} is {j}|{w} people helped|{w} stops today|{w} of us came|parking at {l} is {j}|the {m} broke|it is {w} degrees|traffic is {j}|{p} drove|we should {v} more|{p} said hi|sorry about the {m}|"
    "i lost my {m} at {l}|my {m} is {j}|no {t} today|they want us {w} times a {m}|please {v} the {m}|mind the {j} {m}|see {p} about the {m}|{m} {w} is {j}|lovely {m}|no {m}, no {m}|could not {v} everything|they were so {j}|"
    "i {v}ed at {h}|come at {h}|the {m} opens at {h}|{d} was {j}|let me {v} it|the {m} {v}s {a}|i love this {m}|hope you are {j}|not a big {m}|somebody {v} this|the {m} for {d} is {j}|never {v}ed so {j}"
)
WHEN = (
    "today|this morning|tonight|yesterday|just now|again|already|this afternoon|at {h}|around {h}|before closing|for us|for the {m}|in the rain|by the back door|on foot|on my bike|in the van|so far|at last|after {m}|"
    "on {d}|at noon|before lunch|last night|by mistake|with {p}|for free|this week|right now|in {w} minutes|with {w} others|in total|{a}|{a}|as usual|once more|a moment ago|on the way|all by myself|before {h}|until {h}"
)
IDLE = (
    "can someone {v} the {t} at {l}?|do we need {t} for {d}?|no {t} at {l} today|nothing at {l} {e}|{l} had nothing for us|is anyone going to {l}?|does {l} open at {h}?|who {v}s the {t}?|we need {w} {t} for {d}|"
    "{l} called, no {m} {e}|{l} wants us at {h}|{p} will be at {l} by {h}|please {v} the {m} before {d}|{l} moved its {m}|{p} is the new contact at {l}|i lost my {m} at {l}|happy birthday {p}|thanks {p}, great {m}|"
    "who drives on {d}?|the meeting is at {h} on {d}|is {l} open {e}?|we are out of {t}|anyone want {t}?|has anyone seen {p}?|{p} can't make it {e}|the {m} at {l} is {j}|what time is {l} on {d}?|i can take {d}|ok|great|"
    "next {m} is {d} at {h}|{w} people signed up for {d}|not going to {l} any more|why is {l} closed?|will {v} the {t} tomorrow|{l} may have {t} on {d}|call {l} about the {t}|{p} asked for {t}|looking for {t}, any {m}?|"
    "the {j} {m} is back|all {j} at {l}|good night all|lol {p}|{w} more minutes|{h} works for me|somebody left the {m} open|we could {v} {t} if {l} has any|remember: {l} closes at {h}|sorry, no {m} today|+1|thank you!"
)

LISTS = {
    "MEASURED": MEASURED.split("|"),
    "BARE": BARE.split("|"),
    "OPEN": OPEN.split("|"),
    "SUBJECTS": SUBJECTS.split("|"),
    "GOT_VERBS": GOT_VERBS.split("|"),
    "FROM": FROM.split("|"),
    "TERSE": [one.replace("¦", "|") for one in TERSE.split("|")],
    "GOT": GOT.split("|"),
    "GAVE": GAVE.split("|"),
    "THERE": THERE.split("|"),
    "NOWHERE": NOWHERE.split("|"),
    "LINKS": LINKS.split("|"),
    "OPENERS": OPENERS.split("|"),
    "CLOSERS": CLOSERS.split("|"),
    "TALK": TALK.split("|"),
    "WHEN": WHEN.split("|"),
    "IDLE": IDLE.split("|"),
}  # fmt: skip
