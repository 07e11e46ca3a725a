"""The closed set of words that talk is made of, so that what is not among them can be told to be a value.

A model of a million weights knows no parts of speech: where any word of English may follow a value, nothing says
where the value ends.
"""

# ruff: noqa: E501  (lists of words read best as they are)

from __future__ import annotations

VERBS = (
    "pick load move need want check count order receive deliver return collect report store clean pack help call wait "
    "start finish open close visit stop ask offer add mark weigh carry share drop save use look work turn walk park "
    "unload donate request record mention remember prepare handle label confirm expect"
).split()
NOUNS = (
    "morning meeting phone car van truck road weather door key list note driver helper week day night weekend shift "
    "trip route stop office team friend manager owner lady boss crew volunteer neighbour gate fridge shelf floor corner "
    "parking time plan problem question answer update message photo paper form traffic rain job lunch break party "
    "price schedule number name call day truck trunk back seat entrance delivery visit donation project event"
).split()
ADJECTIVES = (
    "good great nice big small full empty heavy late early new old ready busy open closed free cold hot wet dry quick "
    "slow easy hard happy sad sorry kind fine wrong right short long broken clean tired quiet lovely crazy strange usual"
).split()
ADVERBS = (
    "today tomorrow yesterday again now soon already still finally just also early late quickly slowly really here there "
    "always often maybe together alone inside outside twice"
).split()
