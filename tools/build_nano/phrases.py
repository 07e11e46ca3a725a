"""The hand-written wording of the event tasks: frames, openers, tails, small talk; none of it about picking up food.

A brace names a slot. `held_out` splits every list by a hash, so that a twelfth of it is seen only when measuring.
"""

# ruff: noqa: E501  (lists of wording read best as they are)

from __future__ import annotations

import zlib

AMOUNT_UNIT_THING = (
    "{q} {u} of {t}|{q} {u} of {t}|{q} {u} of {t}|{q} {u} {t}|{q} {u} {t}|{t}: {q} {u}|{t} ({q} {u})|{t} - {q} {u}|{t}, {q} {u}|"
    "{q} more {u} of {t}|about {q} {u} of {t}|around {q} {u} of {t}|roughly {q} {u} of {t}|at least {q} {u} {t}|{t} x {q} {u}|"
    "{q} full {u} of {t}|{q} big {u} of {t}|{q} {u} worth of {t}|{q} or so {u} of {t}|{t}, around {q} {u}|{q} heavy {u} of {t}|"
    "{q} {u} of the {t}|{q} {u} of our {t}|{t} {q} {u}|up to {q} {u} of {t}|almost {q} {u} of {t}|maybe {q} {u} of {t}|"
    "{q} extra {u} of {t}|{q} small {u} of {t}|{t} (about {q} {u})|another {q} {u} of {t}|the {q} {u} of {t}|{q} {u} of fresh-looking {t}|"
    "{t} in {q} {u}|{q}-ish {u} of {t}|{q} whole {u} of {t}|{t}... {q} {u}|over {q} {u} of {t}|some {t}, {q} {u} or thereabouts"
).split("|")
AMOUNT_THING = (
    "{q} {t}|{q} {t}|{q} {t}|{q} {t}|{t} x{q}|{t} ({q})|{q} x {t}|{q}x {t}|{q} of the {t}|{q} more {t}|about {q} {t}|{t}: {q}|"
    "{t}, {q} of them|{t} - {q}|{t} x {q}|at least {q} {t}|{q} of those {t}|roughly {q} {t}|another {q} {t}|all {q} {t}|the {q} {t}|"
    "{t} ({q} of them)|some {q} {t}|nearly {q} {t}|{q} or so {t}|around {q} {t}|{q} extra {t}|only {q} {t}"
).split("|")
UNIT_THING = (
    "some {u} of {t}|a few {u} of {t}|several {u} of {t}|{u} of {t}|the {u} of {t}|many {u} of {t}|{t} in {u}|{t} by the {u1}|loads of {u} of {t}|"
    "{t} (no idea how many {u})|our {u} of {t}|extra {u} of {t}|plenty of {t} in {u}|too many {u} of {t}|{t}, a few {u}"
).split("|")
ONE_UNIT_THING = "a {u1} of {t}|one {u1} of {t}|a {u1} of {t}|1 {u1} of {t}|a single {u1} of {t}|a whole {u1} of {t}|a big {u1} of {t}|{t}, one {u1}|a full {u1} of {t}|another {u1} of {t}|a {u1} or so of {t}|just a {u1} of {t}".split(
    "|"
)
THING = (
    "some {t}|the {t}|{t}|{t}|{t}|{t}|a bunch of {t}|our {t}|extra {t}|more {t}|any {t}|those {t}|loads of {t}|a lot of {t}|a load of {t}|"
    "plenty of {t}|spare {t}|the rest of the {t}|this {t}|my {t}|lots of {t}|tons of {t}|a pile of {t}|all of the {t}|a good deal of {t}|that {t}"
).split("|")

TAILS: dict[str, list[str]] = {
    "place": "at {x}|at {x}|at {x}|at {x}|in {x}|from {x}|from {x}|by {x}|inside {x}|outside {x}|behind {x}|over at {x}|down at {x}|up at {x}|@ {x}|- {x}|({x})|near {x}|"
    "out at {x}|across from {x}|next to {x}|in front of {x}|over by {x}|around {x}|in the back of {x}|out of {x}|- it's {x}|at the back of {x}|, {x}|, at {x}|, {x} this time|"
    "sitting at {x}|waiting at {x}|here at {x}|at a place called {x}|via {x}|, that's {x}|back at {x}|on site at {x}|left at {x}|stored at {x}|courtesy of {x}".split("|"),
    "person": "for {x}|for {x}|with {x}|by {x}|c/o {x}|via {x}|through {x}|, ask for {x}|, {x} knows|, contact {x}|under {x}|in the name of {x}|, attention {x}|"
    "on behalf of {x}|- {x}|, says {x}|according to {x}|, see {x}|, {x} is in charge|alongside {x}|, name is {x}|together with {x}|reported by {x}".split("|"),
    "time": "at {x}|at {x}|by {x}|around {x}|before {x}|after {x}|until {x}|from {x}|, {x}|no later than {x}|, say {x}|, {x} sharp|about {x}|till {x}|starting {x}".split("|"),
    "date": "on {x}|on {x}|by {x}|{x}|{x}|{x}|, {x}|since {x}|before {x}|for {x}|until {x}|as of {x}|, that is {x}|starting {x}|, probably {x}".split("|"),
    "price": "for {x}|at {x}|costing {x}|worth {x}|({x})|, {x}|, {x} in total|- {x}|, price {x}|at a cost of {x}|, {x} each".split("|"),
    "code": "ref {x}|, order {x}|(#{x})|, ticket {x}|under number {x}|no. {x}|[{x}]|, code {x}|filed as {x}|, tag {x}|, see {x}".split("|"),
    "dest": "to {x}|to {x}|into {x}|towards {x}|bound for {x}|going to {x}|, destination {x}|headed for {x}|over to {x}|onward to {x}|-> {x}".split("|"),
    "reason": "because of {x}|due to {x}|owing to {x}|, reason: {x}|after {x}|, it was {x}|caused by {x}|on account of {x}|, note: {x}|thanks to {x}".split("|"),
}  # fmt: skip
PLACE_FIRST = (
    "{x}: {n}|{x} - {n}|at {x}: {n}|{x} has {n}|{x} has {n}|{x} needs {n}|{x} wants {n}|{x} is down to {n}|{x} still has {n}|{x} lost {n}|{x} got {n}|from {x}, {n}|at {x} there is {n}|"
    "at {x} there are {n}|{x} reports {n}|{x} sent {n}|{x} keeps {n}|{x} just got {n}|{x} asked for {n}|{x} called about {n}|{x} ordered {n}|{x} would like {n}|over at {x} we found {n}|"
    "at {x} we count {n}|{x} is offering {n}|the people at {x} have {n}|{x} says they have {n}|{x} ended up with {n}|{x} is holding {n}|{x} can give {n}|{x} {v}s {n}|{x} {v}ed {n}|"
    "{x} is {v}ing {n}|near {x} someone {v}ed {n}|my friends at {x} {v} {n}|{x} put aside {n}|{x} => {n}|in {x} they {v} {n}|{x} has got {n}|{x}'s team {v}ed {n}|{x} called, they have {n}"
).split("|")
PERSON_FIRST = (
    "{x} brought {n}|{x} has {n}|{x} wants {n}|{x} needs {n}|{x} lost {n}|{x} found {n}|{x} bought {n}|{x} asked for {n}|{x} returned {n}|{x} {v}ed {n}|{x} {v}s {n}|{x} will {v} {n}|{x} is {v}ing {n}|"
    "{x} would like {n}|{x} left {n}|{x} borrowed {n}|{x} says there is {n}|{x} can {v} {n}|{x}: {n}|{x} had {n}|{x} reported {n}|{x} and his team {v}ed {n}|{x} might {v} {n}"
).split("|")
FRAMES = (
    "we have {n}|we need {n}|we lost {n}|there is {n}|there are {n}|there's {n}|please {v} {n}|please send {n}|can you {v} {n}|could somebody {v} {n}|i want {n}|i'd like {n}|i need {n}|we got {n}|got {n}|"
    "{n}|{n}|{n}|{n}|{n} please|{n} arrived|{n} missing|{n} {v}ed|{n} to be {v}ed|{n} will be {v}ed|we {v} {n}|we {v}ed {n}|they {v}ed {n}|someone {v}ed {n}|we are {v}ing {n}|let's {v} {n}|"
    "found {n}|ordered {n}|send {n}|put {n}|note {n}|logged {n}|delivered {n}|shipping {n}|returned {n}|i {v}ed {n}|don't forget {n}|we still have {n}|we could use {n}|would you {v} {n}|"
    "make it {n}|it was {n}|that would be {n}|looks like {n}|just counted {n}|received {n}|the {j} team {v}ed {n}|my {m} {v}s {n}|no one {v}ed {n}|who can {v} {n}|is there {n}|do we have {n}|"
    "time to {v} {n}|i am looking for {n}|the list says {n}|the driver took {n}|inventory shows {n}|who wants {n}|they have {n}|ready: {n}|available: {n}|need a hand with {n}|{v} {n}|{v} {n}|"
    "you should {v} {n}|{n} {v}ed {a}|{n} needs to be {v}ed|{n} just came in|{n} ready to {v}|{n} up for grabs|{n} left over|they are giving away {n}|can anyone {v} {n}|help us {v} {n}"
).split("|")
OPENERS = (
    "hi|hello|hey all|good morning|morning|hey|update|fyi|ok|okay|so|note|heads up|hi team|dear all|hi {p}|hey {p}|thanks {p}|quick one|just a note|sorry for the late reply|urgent|attention|"
    "one more thing|also|well|yes|no|sure|right|great news|bad news|as discussed|as usual|reminder|today's log|log|to whom it may concern|{p} here|this is {p}|hello everyone|yo|hiya|evening all|"
    "@{p}|hey folks|btw|psst|oh|alright|for the record|new entry|new request|question|hoping you can help|guess what|good afternoon|long day but|happy {d}|long story short|ping {p}"
).split("|")
CLOSERS = (
    "thanks|thank you|please|thx|cheers|asap|best, {p}|let me know|ok?|if possible|if you can|sorry|that is all|call me|regards|{p}|talk soon|no rush|whenever you can|today if possible|"
    "tell {p}|it is {j}|the {m} is {j}|it looks {j}|first come first served|any takers|bring a {m}|use the {j} door|ring the bell|must go {a}|they close {a}|have a good day|appreciate it|"
    "all {j}|watch out for the {m}|don't be late|just so you know|more later|much love|who is free|will send a photo|ty|lol|that's it|over and out|be quick|parking is {j}|the gate is {j}"
).split("|")
TALK = (
    "how are you|see you soon|that works|i will check|who is in today|great job|i can't make it|the {m} was {j}|we {v}ed the {m}|did anyone {v} the {m}|what a {j} {m}|{p} is {j} today|i am running late|"
    "can we talk about the {m}|sounds good|never mind|no worries|what time is the meeting|my {m} is {j}|the {m} {v}s {a}|{p} {v}ed {a}|let me {v} it|has anyone seen {p}|happy birthday {p}|is {l} open|"
    "i was at {l}|{l} is closed|we all {v} {a}|who has the key to {l}|the weather is {j}|it took {w} hours|i will be there in {w} minutes|call me back|the {j} {m} of {p}|thanks for the help {p}|"
    "nothing today|all done|nothing to report|everything is {j}|{p} said it is {j}|we should {v} more {a}|is the {m} {j}|remember to {v}|why is it so {j}|they {v} the {m} {a}|i love this {m}|"
    "can someone tell me about {l}|meeting moved to {d}|does {p} know|lunch at {l}|the {m} is broken|{w} people came|welcome {p}|we had a {j} {m} on {d}|nice to meet you|where is {l}|who drives on {d}|"
    "no {m} today|it rained|good night|what about the {m}|on my way|almost there|back in {w} minutes|i'm off on {d}|my phone is {j}|the {m} code changed|anybody around|was {j} in there|lol {p}"
).split("|")
NAMES: dict[str, list[str]] = {
    "thing": "item|item|product|goods|object|article|what|thing|material|subject|equipment|asset|description|type|cargo|part".split(
        "|"
    ),
    "amount": "quantity|quantity|count|amount|number|qty|how_many|pieces|total|people|size|volume".split(
        "|"
    ),
    "unit": "unit|unit|measure|uom|package|container|packaging|per|unit_name".split("|"),
    "place": "location|location|place|where|site|from|venue|address|origin|branch|source|spot|city|area|shop".split(
        "|"
    ),
    "person": "person|name|who|contact|customer|client|owner|requested_by|guest|employee|driver|sender|first_name".split(
        "|"
    ),
    "time": "time|hour|at|when|start|deadline|clock|slot|time_range".split("|"),
    "date": "date|day|on|due|when_day|scheduled|due_date|delivery_day".split("|"),
    "price": "price|cost|total_price|fee|value|worth|charge".split("|"),
    "code": "code|reference|order_id|ticket|ref|id|number_plate|invoice".split("|"),
    "dest": "destination|to|target|drop_off|recipient|receiver|delivered_to|deliver_to".split("|"),
    "reason": "reason|cause|note|remark|comment|why|details".split("|"),
}
DOMAINS: dict[str, tuple[str, list[str]]] = {
    "deliveries": ("list", ["item:thing", "quantity:amount", "unit:unit", "destination:dest"]),
    "stock": ("list", ["product:thing", "count:amount", "package:unit", "shelf:place"]),
    "lost_property": ("list", ["object:thing", "place:place", "owner:person", "date:date"]),
    "invoices": ("list", ["article:thing", "amount:amount", "price:price", "code:code"]),
    "incidents": ("object", ["what:thing", "where:place", "when:time", "cause:reason"]),
    "bookings": (
        "object",
        ["people:amount", "date:date", "time:time", "name:person", "venue:place"],
    ),
    "repairs": ("list", ["equipment:thing", "site:place", "ticket:code"]),
    "transport": ("list", ["cargo:thing", "number:amount", "unit:unit", "from:place", "to:dest"]),
    "donations": ("list", ["goods:thing", "quantity:amount", "measure:unit", "source:place"]),
    "meetings": (
        "object",
        ["subject:reason", "venue:place", "day:date", "hour:time", "with:person"],
    ),
    "sightings": ("list", ["species:thing", "count:amount", "site:place", "date:date"]),
    "loans": ("list", ["material:thing", "quantity:amount", "borrower:person", "due:date"]),
    "search": (
        "object",
        ["kind:thing", "city:place", "party:amount", "day:date", "name:person", "price:price"],
    ),
    "purchases": ("list", ["article:thing", "number:amount", "unit:unit", "shop:place"]),
    "returns": ("list", ["name:thing", "amount:amount", "unit:unit", "from:place"]),
    "samples": ("list", ["material:thing", "quantity:amount", "unit:unit", "site:place"]),
    "harvest": ("list", ["crop:thing", "quantity:amount", "unit:unit", "field:place"]),
    "notes": (
        "list",
        ["thing:thing", "number:amount", "unit:unit", "place:place", "person:person", "date:date"],
    ),
}

FOCUS = (
    "stock donations harvest purchases returns samples stock donations harvest purchases returns "
    "samples stock donations harvest purchases returns samples deliveries sightings"
).split()
"""Domains by how often they are drawn: mostly lists of a thing, its amount, its unit and a place."""


def keep(texts: list[str], *, held_out: bool, share: int = 12) -> list[str]:
    """The wording of one side of the split; short lists are left whole so that both sides can speak."""
    if len(texts) < 10:
        return texts
    chosen = [text for text in texts if (zlib.crc32(text.encode()) % share == 0) == held_out]
    return chosen or texts
