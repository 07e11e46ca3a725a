"""Sentences put together from parts of speech, so that wording hardly ever repeats."""

# ruff: noqa: E501  (lists of wording read best as they are)

from __future__ import annotations

import random

SUBJECTS = (
    "i|we|you|they|someone|somebody|everyone|nobody here|my {m}|our {m}|the {m}|a {j} {m}|the {j} {m}|{p}|{p} and {p}|the guys|both of us|a friend|my neighbour|the crew|"
    "the night shift|whoever is on duty|a visitor|the boss|the kids|the office|the new {m}|people|the two of us|a few of us|your colleague|the lady from the {m}"
).split("|")
MODALS = (
    "||||||will|can|could|should|must|may|might|would|have to|had to|want to|need to|plan to|forgot to|managed to|promised to|hope to|are about to|was told to|were asked to|"
    "would like to|am going to|do not|did not|cannot|never|used to|try to|tried to|is supposed to|won't|don't|couldn't|agreed to|ought to|prefer to|started to|can't"
).split("|")
PLAIN_VERBS = (
    "take|bring|see|leave|give|sell|buy|keep|hold|put|find|make|get|send|use|need|want|have|move|carry|check|count|store|load|offer|donate|ship|drop|order|return|pass|share|save|show|"
    "lend|hand|clean|sort|pack|throw|pull|push|lift|haul|store|mail|book|serve|cook|bake|grow|spot|notice|mention|report|expect|receive|release|spare|swap|trade|clear|unload|set"
).split("|")
PAST_VERBS = (
    "took|brought|saw|left|gave|sold|bought|kept|held|put|found|made|got|sent|used|needed|wanted|had|moved|carried|checked|counted|stored|loaded|offered|shipped|dropped|ordered|"
    "returned|passed|shared|saved|lent|handed|sorted|packed|threw|lifted|hauled|spotted|noticed|mentioned|reported|expected|received|spared|swapped|cleared|unloaded|set"
).split("|")
PARTICLES = (
    "|||||||up|down|off|away|out|back|over|aside|in|together|along|around|through|forward|on".split(
        "|"
    )
)
ADVERBS = "||||||just|already|still|also|now|kindly|again|soon|really|probably|actually|finally|{a}|{a}|apparently|quickly|maybe|only|even|almost|once more|luckily|sadly".split(
    "|"
)
LEADS = (
    "||||||||when you {v},|if you {v},|after we {v}ed,|because it is {j},|before they {v},|since the {m} is {j},|as the {m} {v}ed,|while {p} {v}s,|on my {m}|in case you {v},|"
    "good to know:|it turns out|i think|i heard that|they say|looks as if|we are told that|turns out|rumour has it|as far as i know|as promised,|so far|for now|by the way|in short|"
    "my {m} said that|{p} says|{p} told me|just so we {v},|no {m} needed,|unless you {v},|with all the {m},|thanks to {p}|every {d}|this morning|last night|earlier today|right now|a moment ago"
).split("|")
ENDS = (
    "|||||||||to {v}|to be {v}ed|that we {v}ed|which is {j}|that {v}s {a}|for the {m}|for us|for everyone|with a {j} {m}|on the {m}|on a {m}|in the {m}|under the {m}|behind the {m}|next to the {m}|"
    "for {p}|without {m}|this week|right now|again|for free|as a {m}|if you {v}|before it is {j}|until we {v}|because of the {m}|so please {v}|and it is {j}|, still {j}|, all {j}|, pretty {j}|"
    ", {j} but {j}|in the {j} {m}|, {v}ed this morning|for the next {w} hours|within {w} minutes|, nobody {v}s it|, only slightly {v}ed|, as {j} as ever|just {v}ing there|out of {m}"
).split("|")
EXISTS = (
    "there is|there are|there's|here is|here are|this is about|that makes|it concerns|regarding|we are talking about|what about|any use for|how about|looking at|still open:|on offer:|"
    "todo:|left:|on the {m}:|for the {m}:|new:|leftover:|coming in:|going out:|it is about|not {j}:|anyone for|room for|no more than|not less than|another call about|subject:|re:"
).split("|")
PLACE_SUBJECTS = (
    "{x}|{x}|{x}|{x}|{x}|the people at {x}|the people of {x}|our contact at {x}|the {m} at {x}|someone at {x}|everyone at {x}|{p} at {x}|{p} from {x}|the {m} of {x}|folks from {x}|"
    "the manager of {x}|a guy from {x}|those of {x}|the team from {x}|the chef at {x}|a lady at {x}|the owner of {x}|the staff of {x}|{p}, who runs {x},|the {j} {m} at {x}|one of the {m} people at {x}"
).split("|")
PLACE_LINKS = (
    "has|have|had|got|has got|needs|wants|sent|sends|gave|gives|keeps|found|lost|left|put|offers|holds|owns|still has|now has|says there is|says there are|told me they have|"
    "wrote that they have|is short of|is out of|ran out of|is full of|is left with|wishes for|will get|will take|can spare|may have|might have|could use|has to {v}|will {v}|can {v}|wants to {v}|"
    "hopes to {v}|is about to {v}|would {v}|asked us to {v}|asked if we {v}|called to say they have|emailed about|wrote about|phoned, they {v}|{v}ed|{v}s|{a} {v}ed|is {v}ing|has {v}ed|never {v}ed"
).split("|")
MIDDLES = (
    "|||||||||||||on the {m}|in the {m}|with the {m}|right now|this week|for us|again|for free|, all {j}|that {v}|to {v}|as usual|still|{a}|under a {m}|by the {m}|which we {v}ed|, {j} ones,|"
    "in good {m}|in total|or so|, i think,|(all {j})|, still {j},|for the {m}|today only|, freshly {v}ed,|from the {m}"
).split("|")


def frame(rng: random.Random) -> str:
    """A sentence with {n} for the noun phrase and free slots for random words."""
    roll = rng.random()
    pick = rng.choice
    if roll < 0.2:
        text = f"{pick(LEADS)} {pick(EXISTS)} {{n}} {pick(ENDS)}"
    elif roll < 0.3:
        text = f"{{n}} {pick(ADVERBS)} {pick(('is', 'are', 'was', 'were', 'will be', 'got', 'has been', 'have been', ''))} {{v}}ed {pick(ENDS)}"
    elif roll < 0.45:
        text = f"{pick(LEADS)} {pick(('please', 'kindly', 'you can', 'can you', 'could you', 'who can', 'would someone', 'let us', ''))} {_verb(rng)} {pick(PARTICLES)} {{n}} {pick(ENDS)}"
    elif roll < 0.7:
        text = f"{pick(LEADS)} {pick(SUBJECTS)} {pick(ADVERBS)} {pick((*PAST_VERBS, '{v}ed', '{v}ed'))} {pick(PARTICLES)} {{n}} {pick(ENDS)}"
    else:
        text = f"{pick(LEADS)} {pick(SUBJECTS)} {pick(MODALS)} {pick(ADVERBS)} {_verb(rng)} {pick(PARTICLES)} {{n}} {pick(ENDS)}"
    return _tidy(text)


def place_frame(rng: random.Random) -> str:
    """The same with a place {x} as the one who has, wants or does."""
    pick = rng.choice
    return _tidy(
        f"{pick(LEADS)} {pick(PLACE_SUBJECTS)} {pick(ADVERBS)} {pick(PLACE_LINKS)} {pick(PARTICLES) if rng.random() < 0.3 else ''} {{n}} {pick(ENDS)}"
    )


def middle(rng: random.Random) -> str:
    """Words between the noun phrase and what follows; most often none."""
    text = rng.choice(MIDDLES)
    return text if not text or text[0] == "," else " " + text


def sentence(rng: random.Random) -> str:
    """A sentence that reports nothing: the same parts with an abstract noun in the place of the thing."""
    return frame(rng).replace(
        "{n}",
        rng.choice(
            ("the {m}", "a {j} {m}", "my {m}", "{p}", "it", "that", "them", "you", "no {m}")
        ),
    )


def _verb(rng: random.Random) -> str:
    return rng.choice(PLAIN_VERBS) if rng.random() < 0.6 else "{v}"


def _tidy(text: str) -> str:
    return " ".join(text.split()).replace(" ,", ",")
