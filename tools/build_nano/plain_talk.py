"""What else plain notes are made of: frames without a place, idle talk, ways of saying an amount, greetings, ends.

In `IDLE` nothing was received, though things and places may be named.
"""

# ruff: noqa: E501  (lists of wording read best as they are)

from __future__ import annotations

from . import plain_frames

PLAIN_NOWHERE = (
    "I'm back with {r}|I'm here with {r}|I'm outside with {r}|I'm on my way to {l} with {r}|I'm on my way with {r}|I'm driving {r} over to {l}|I'm dropping off {r} at {l}|I'm taking {r} to {l} now|I'm carrying {r}, please open door {w}|I've got {r}|I've got {r} with me|I've got {r} for {l}|I've just picked up {r}|"
    "I've put {r} in the shed|I've left {r} at {l}|I have {r} for {p}|I have {r} here|I have {r} in my car|I have {r} with me, where should it go?|I have {r}, going to {l} now|I got {r} today|I got {r} but no {t}|I got {r} from a man in the street|I got {r}, no {t}|I got {r}, who needs it?|I got {r}. That's it.|I was given {r}|"
    "I was handed {r}|I picked up {r} and dropped it at {l}|I picked up {r} with {p}|I dropped {r} at {l}|I took {r} home|I counted {r}|I forgot to say where from, but I have {r}|we're back with {r}|we're bringing {r}|we're off to {l} with {r}|we're unloading {r} at {l}|we've got {r}|we've got {r} now|we've taken in {r}|"
    "we have {r} in the van|we have {r} in total|we have {r} for {l}|we have received {r}|we now have {r}|we were given {r}|we were given {r}, no {t}|we were sent {r}|we got {r}, thanks to {p}|we got {r} and no {t}|we got {r} for {w} people|we got {r} in {w} minutes|we got {r}!|we put {r} on shelf {w}|we ended up with {r}|"
    "we gratefully received {r}|{p} is back with {r}|{p} is on the way with {r}|{p} is on the way to {l} with {r}|{p} is bringing {r}|{p} is driving {r} to {l}|{p} came in with {r}|{p} came by with {r}|{p} came back with {r}|{p} left {r} here|{p} left {r} at {l}|{p} dropped off {r}|{p} brought {r}|{p} brought us {r}|"
    "{p} brought in {r}|{p} gave me {r}|{p} gave us {r} to take to {l}|{p} handed me {r}|{p} says we have {r}|{p} has {r} in the car|{p} has {r}, going to {l}|{p} signed for {r}|{p} took {r} to {l}|{p} was given {r}|{p}: {r}|{p} -> {r}|{p} here with {r}|{p} here, I have {r}|{r}, all for {l}|{r}, all in the van|{r}, all counted|"
    "{r}, that's all|{r}, that's it for today|{r}, going to {l}|{r}, heading to {l}|{r}, off to {l} now|{r}, now at {l}|{r}, dropped at {l}|{r}, left with {p}|{r}, no {t}|{r}, no {t} this time|{r}, {p} has it|{r}, {p} drove|{r}, {h}|{r}, thanks to {p}|{r}, where should it go?|{r}. No {t}.|{r}. All for {l}.|{r}. On the way to {l}.|"
    "{r}. Done.|{r}. That's all.|{r}. Who wants it?|{r}. {p} has it.|{r}! Yes!|{r} - done|{r} - no {t}|{r} - going to {l}|{r} -> {l}|{r} => {l}|{r} > {l}|{r} (for {l})|{r} (no {t})|{r} (now at {l})|{r} ({p})|{r} ({h})|{r}\n{p}|{r}\nto {l}|{r}\nthat's all|- {r}|* {r}|-> {r}|{r} is here|{r} is in the van|{r} is what we got|"
    "{r} is on its way to {l}|{r} on board|{r} on the way to {l}|{r} on board, eta {h}|{r} in my car|{r} in the boot|{r} in the back|{r} in the shed now|{r} just came in|{r} just arrived|{r} just got here|{r} just got dropped off|{r} came in at {h}|{r} came with {p}|{r} got picked up|{r} got left at our door|{r} went to {l}|"
    "{r} to {l}|{r} to bring to {l}|{r} at our door this morning|there's {r} here|there's {r} in the van|there's {r} here for {l}|there's {r} by the door, {p} left it|here's {r}|here is what we got: {r}|here's what I have: {r}|it's {r} this time|it was {r}|it came to {r}|it ended up being {r}|that's {r}|that makes {r}|"
    "that's {r} for {l}|this just came in: {r}|what we got: {r}|what I have: {r}|what's in the van: {r}|what came in: {r}|what did I get? {r}|what do we have? {r}|guess what, {r}|in: {r}|in the van: {r}|in the boot: {r}, going to {l}|in today: {r}|in total {r}|just in: {r}|just got {r}|just {r} today|just {r}, no {t}|only {r} today|"
    "only {r} this time|only {r}, no {t}|nothing but {r}|no {t}, just {r}|no {t} but {r}|not much, {r}|not bad, {r}|also {r}|also got {r}|plus {r}|and {r}|so {r}|so I have {r}|so we've got {r}|so uh {r}|um, {r}|ok, {r}|ok so {r}|right, {r}|well, {r}|yes, {r}|yep, {r}|wow, {r}|phew, {r}|fyi {r}|oh and {r}|anyway, {r}|sorry, late. {r}|"
    "today: {r}|today it was {r}|yesterday {r} came in|at {h} we got {r}|at {h}: {r}|{h}: {r}|{d}: {r}|stop {w}: {r}|van {w}: {r}|van {w} has {r}|run {w} - {r}|route {w} brought in {r}|load: {r}|load: {r}, to: {l}|to: {l}, load: {r}|to: {l}\nwhat: {r}|haul: {r}|haul of the day: {r}|count: {r}|items: {r}|got: {r}|have: {r}|"
    "received: {r}|picked up: {r}|delivery: {r}|donation: {r}|note: {r}|log: {r}|report: {r}|please note {r} came in|please log {r}|please write down {r}|to confirm: {r} received|confirming {r}|taking {r} to {l}|taking {r} home|bringing in {r}|bringing you {r}|coming with {r}|coming to {l} with {r}|heading to {l} with {r}|"
    "heading home with {r}|driving to {l} with {r}|unloading {r}|dropped {r} at {l}|dropped off {r} at {l}|dropped off at {l}: {r}|left {r} with {p}|left {r} at {l}|put {r} on shelf {w}|for {l}: {r}|for {l} we have {r}|everyone, we have {r}|dear all, we have {r}|someone left {r} at our door|"
    "somebody brought {r}|somebody gave us {r}, no name|a man came by and left {r}|a stranger gave me {r}"
)
IDLE = (
    "who can go to {l}?|who can go to {l} at {h}?|who can drive {d}?|who is driving to {l}?|who is at {l} now?|who has the key to {l}?|who has the van?|who knows the way to {l}?|who wants to come to {l} with me?|can anyone go to {l} {d}?|can anyone cover for {p} on route {w}?|can you go to {l} instead of {p}?|"
    "can you ask {l} if they have {t}?|can you pick up {w} {t} at {l} tomorrow?|can you get {t} from {l} {d}?|can we get {t} from {l}?|can I bring a friend {d}?|could somebody fetch {w} {t} from {l}?|could you call {l}?|could {p} pick up the {t} at {l}?|would {l} give us {t}?|will {l} have {t} {d}?|will there be {t} {d}?|"
    "will you be at {l} by {h}?|should I go to {l} or wait?|should we ask {l} for {w} {t}?|shall we meet at {l} at {h}?|is {p} at {l} already?|is there any {t} at {l}?|is anybody at {l}?|is it true that {l} is closing?|are we going to {l} {d}?|are you going to {l} or should I?|are there {w} {t} or more at {l}?|"
    "do they have {t} at {l}?|do you need {t}?|do you know {p} from {l}?|do I take the van or the car?|does anyone have a number for {l}?|does {p} know about {l}?|did {l} call back?|did anyone lock the van?|did you hear from {l}?|how do I get to {l}?|how far is {l}?|how long are you at {l}?|how many {t} do we need?|"
    "how many people are coming {d}?|how much {t} does {l} want?|what time should I be at {l}?|what time does {l} close?|what's the code for door {w}?|where is {l}?|where do I park at {l}?|where are you?|when is {l} open?|when do we start {d}?|which door at {l}?|why did {l} say no?|any news from {l}?|any {t} left for {l}?|"
    "any {t} for us at {l}?|anyone near {l}?|anyone free {d} at {h}?|I'm on my way to {l}|I'm at {l} but nobody is here|I'm at {l}, they are closed|I'm at {l}, waiting|I'm waiting at {l}, {w} minutes now|I'm late, {w} minutes|I'm sick, can someone do {l}?|I'm off to {l} now, will tell you what they have|I'm going to ask {l} for {t}|"
    "I can go to {l} {d}|I can do {l} at {h}|I can't make it to {l}|I can't find {l}|I will be at {l} at {h}|I will go to {l} {d} and ask for {t}|I'll ask {l} about the {t}|I'll call {l} {d}|I'll pick up {t} at {l} {d}|I'll be back by {h}|I went to {l} and they had nothing|I went to {l} but it was closed|I went to {l}, no one there|"
    "I asked {l} for {t} and they said no|I asked at {l}, they have nothing for us|I came away from {l} with nothing|I left {l} with empty hands|I got nothing from {l}|I got nothing at {l}, sorry|I got lost, going home|I need {w} {t} by {d}|I need {t} for {l}|I would like {w} {t} please|I wish we had {t}|I lost the key to {l}|"
    "I love this group|we're closed {d}|we need {t}|we need {w} more people {d}|we need {w} {t} by {h}|we need drivers for {l} {d}|we could use {w} {t}|we have no {t}|we have no van {d}|we are short of {t}|we are still waiting at {l}|we are all out of {t}|we are going to {l} {d}|we meet at {l} at {h}|we got nothing from {l}|"
    "we went to {l} for nothing|we waited {w} minutes at {l} for nothing|we did not get any {t}|we didn't go to {l} after all|we start at {h} {d}|we will pick up the {t} from {l} {d}|we should ask {l} for {t}|we might get {t} from {l} {d}|{l} is closed|{l} is closed {d}|{l} is open until {h}|{l} is off for {d}|{l} is cancelled|"
    "{l} has nothing for us {d}|{l} has nothing today|{l} has no {t} for us|{l} has not called yet|{l} has moved, it's next to {l} now|{l} had nothing|{l} had nothing at all, and I asked twice|{l} had given everything to {l} by then|{l} said no|{l} said come back {d}|{l} said they might have {t} {d}|{l} needs {t}|"
    "{l} needs {w} {t} by {d}|{l} wants to know when we come|{l} wants {w} {t}|{l} asks if we can come at {h}|{l} will call when there is {t}|{l} will have {w} {t} for us {d}|{l} did not answer|{l} never answers|{l} cancelled, do not go|{l} cancelled, they need the {t} themselves|{l} is out of {t}|{l} is not giving anything today|"
    "{l}: nothing|{l}: nothing today|{l} - nothing|{l}: closed|{l}: no answer|{l}: no {t}|{l}, nothing|{l}? No.|{l} at {h}?|{l} {d}?|{p} is sick|{p} is off {d}|{p} is on the way to {l}|{p} is late|{p} is driving {d}|{p} can you call me?|{p} can you do {l} {d}?|{p}, where are you?|{p}, they're waiting for you at {l}|"
    "{p}, please call {l}|{p}, {l} is asking for you|{p}, can you get {w} {t} from {l} {d}?|{p} will pick up the {t} {d}|{p} got nothing at {l}|{p} came back from {l} with nothing|{p} went to {l}, no {t} there|{p} says {l} is closed|{p} wants {t}|{p} needs {w} {t}|{p} has the key|{p} has the van until {h}|{p} has moved to {l}|"
    "please go to {l} first|please bring {w} {t} to {l} {d}|please bring {t} if you can|please be at {l} by {h}|please call {l} before you go|please don't go to {l}|please pick up {w} {t} from {l} at {h}|please lock door {w}|please park behind {l}|please read the list for {d}|no pickup at {l} {d}|no pickup today|no {t} anywhere|"
    "no {t} this week|no luck at {l}|no luck at {l}, no luck at {l}|no one at {l}|no one there, going home|no need to go to {l}|no news|nothing today|nothing today, sorry|nothing for us at {l} today|nothing at {l}, nothing at {l}|nothing left at {l}|not going to {l} today|not today|not yet at {l}|not yet|sorry, can't come {d}|"
    "sorry, nothing at {l}|sorry, wrong chat|sorry {p}, no {t}|sorry I missed you|cancel {l}|cancelled: {l} {d}|skip {l} today|skip stop {w}|thanks everyone for yesterday|thanks {p} for driving|thanks for going to {l}, {p}|thank you {p}, you are the best|great job yesterday|great job {p}|well done everyone|yesterday was great|"
    "yesterday at {l} was fun|good luck at {l}|good luck {p}|happy new year|have fun at {l}|see you {d}|see you at {l} at {h}|on my way|on my way to {l}, there in {w} minutes|going to {l} now, let's see what they have|going home|just got to {l}, waiting at gate {w}|just left home|just a reminder: {l} at {h}|reminder: {l} {d} at {h}|"
    "reminder: bring {t} {d}|next pickup at {l} is {d}|next time ask for {p}|new code for door {w}|new time for {l}: {h}|change of plan: {l} at {h}|change of plan, {p} goes to {l}|plan for {d}: {l}, then {l}|plan for {d}: {w} people at {l}, {w} at {l}|tomorrow: {l} at {h}, {l} at noon|tomorrow we pick up {t} at {l}|wanted: {t}|"
    "wanted: {w} {t} for {l}|looking for {w} people {d}|looking for {t}|if {l} calls, tell them {h}|if you go to {l} ask for {t}|if there is {t} at {l} {d}, take it|let me know if you need {t}|let me know when {l} opens|let's meet at {l}|let's skip {l}|don't forget {l}|don't forget {t} for {d}|don't go to {l}, they have nothing|"
    "stuck in traffic near {l}|stuck at gate {w}|the door at {l} is locked|the road to {l} is closed|the van is at {l}|the van won't start|the {t} at {l} was gone when I got there|the {t} was gone|somebody else had taken the {t}|they have nothing|they had nothing|they had no {t}|they said no|they said come {d}|"
    "they gave everything to {l}|they are closed until {d}|yes|yes please|yes, {h} is fine|yes {p}|no|no thanks|no, {d}|ok {p}|ok, see you at {l}|ok, will do|on it|got it|got it, thanks|got it {p}|got your message|got the time wrong, sorry|got to {l}, closed|got there too late|maybe {d}|?|good morning|good morning everyone|hi {p}|"
    "hello, is this the right chat?"
)
PLAIN_MEASURED = (
    "{q} worth of {t}|about {q} of {t}|around {q} of {t}|roughly {q} of {t}|nearly {q} of {t}|almost {q} of {t}|maybe {q} of {t}|at least {q} of {t}|exactly {q} of {t}|{q}, all {t}|{q}: {t}|{q} - {t}|{q} ({t})|{q} / {t}|{q} or so of {t}|{t}, about {q}|{t}, {q} of it|{t}, {q} in all|{t}, {q} in total|{t} (about {q})|{t} ({q} in all)|"
    "{t} = {q}|{t} / {q}|{t} [{q}]|{t}... {q}"
)
PLAIN_BARE = "about {q} {t}|around {q} {t}|roughly {q} {t}|nearly {q} {t}|almost {q} {t}|maybe {q} {t}|at least {q} {t}|exactly {q} {t}|just {q} {t}|only {q} {t}|{q} of the {t}|{q} of those {t}|{q} of their {t}|{q} x {t}|{t}, {q}|{t} - {q}|{t} = {q}|{t} [{q}]|{t}, {q} in all|{t}, {q} in total|{t} (about {q})"
PLAIN_OPEN = (
    "a bit of {t}|a little {t}|a pile of {t}|a whole lot of {t}|a good deal of {t}|a small amount of {t}|loads of {t}|heaps of {t}|masses of {t}|quite a few {t}|quite a lot of {t}|so many {t}|too many {t}|the {t}|all the {t}|all of the {t}|all of their {t}|the last of the {t}|the last of their {t}|the rest of the {t}|"
    "what was left of the {t}|an unknown amount of {t}|no idea how many {t}|I don't know how many {t}|{t} (no idea how much)|{t} (not counted)|{t} (didn't count)|{t} (not weighed yet)|{t} (no idea how many)|{t} (a lot of it)|whatever {t} they had|such a lot of {t}|an awful lot of {t}"
)
HELLOS = (
    "hiya|heya|hi you lot|hi team|hi folks|hello there|hello everybody|hello {p} and {p}|hello from the van|hey all|hey you|hey there|dear all|dear team|dear friends|good evening|good night|good morning {p}|good morning from the road|morning {p}, {p} here|afternoon all|evening {p}|me again|only me|it's me again|"
    "{p} again|{p} speaking|{p} on the phone|{p} from route {w}|{p} in van {w}|writing for {p}|for {p}|for the list|to whom it may concern|listen up|attention please|quick update|small update|last update today|news|good news|ok team|okay|right|right then|so then|oh hi|oh|ah yes|sorry|sorry all|sorry for the noise|hello hello|van {w}|"
    "route {w}|run {w}|driver {w} here|pssst|hooray|oh my|all done|still here|answering {p}|as asked|@{p}"
)
CLOSERS = (
    "over and out|that's it|that's it for now|that is all for today|that's me done|that's me for today|nothing else|no more today|no {t}|no {t} sadly|no {t} there|sadly no {t}|they were out of {t}|they said {t} maybe {d}|they want to know when we come again|they send their love|they close at {h} now|they were nice about it|"
    "took {w} minutes|took {w} minutes to load|took {w} of us|it took a while|only {w} minutes late|{w} minutes late, sorry|sorry it took so long|sorry for the delay|sorry for the late message|sorry about the noise|now for {l}|now on to {l}|now at {l}, they are closed|now at {l}, waiting|next up {l}|next is {l} at {h}|then {l}|"
    "then {l} and then home|then on to {l}|then lunch|after that {l}|after this {l}|going to {l} after lunch|going home now|heading home|heading for {l}|should be at {l} by {h}|should be back before {h}|see you all {d}|see you soon|see you there|talk soon|talk {d}|more {d} maybe|more tomorrow|back {d}|back there {d}|who is doing {l}?|"
    "who has {l} {d}?|who can help me unload?|can someone open the gate?|can someone meet me at {l}?|can {p} meet me at gate {w}?|where do you want it?|where should I put it?|which door?|is {p} in?|is {l} still open?|is anyone at {l}?|do we need {t}?|do you want it at {l}?|{l} had nothing|{l} was shut|{l} was empty|{l} said {d}|"
    "{l} didn't answer|{l} can wait|{l} still to do|{l} is cancelled|{l} gets it all|it all goes to {l}|it's all for {l}|it's all in the van|it's all at {l} now|it's on shelf {w}|it's by door {w}|all loaded|all unloaded|all counted|all put away|all yours|all ok|everything is fine|everything went well|easy|easy stop|good stop|"
    "nice stop|nice one|well done {p}|well done all|big thanks to {p}|thanks for waiting|thanks to all who helped|thank you very much|thank you for everything|thanks for the help {p}|ta|cheers {p}|regards, {p}|kind regards, {p}|yours, {p}|xx|xoxo|ciao|bye all|bye for now|take care|have a nice day|have a good evening|good night|"
    "sent from my phone|please pass it on|please tell {p}|please note it|please write it down|please confirm|ok?|right?|yay|hooray|phew|wow|not bad at all|not bad for a {d}|what a haul|what a load|what a place|could be more|could be worse|better than last time|same as last time|as usual|parking was a pain|traffic was bad|"
    "the van is full|the van is not full yet|room for more|no room left|need a bigger van|my back hurts|{p} carried most of it|{p} did the talking|{p} knows them|{p} knows more|{p} has the key|{p} says hello|{p} says thanks|{p} was there too|{p} will unload|{p} takes over at {h}"
)
EACH = (
    "{x} gave us {r}|{x} gave me {r}|{x} sent us {r}|{x} left {r}|{x} brought {r}|{x} donated {r}|{x} handed over {r}|{x} let us have {r}|{x} had {r} for us|{x} came up with {r}|{x} put in {r}|{x} only {r}|{x} only had {r}|{x} = {r}|{x} -> {r}|{x} => {r}|{x} / {r}|{x} ({r})|{x} with {r}|{x}: got {r}|{x}: took {r}|{x}: only {r}|"
    "{x}. {r}|{x}\n{r}|{x}... {r}|- {x}: {r}|* {x}: {r}|- {x} - {r}|- {r} from {x}|* {r} from {x}|- {r} ({x})|[{x}] {r}|@ {x}: {r}|at {x}: {r}|at {x}, {r}|at {x} we got {r}|at {x} I got {r}|at {x} they had {r}|at {x} there was {r}|from {x} ... {r}|from {x}: {r}|from {x}, {r}|from {x} we have {r}|from {x} I got {r}|from {x} came {r}|"
    "{r} by {x}|{r} off {x}|{r} via {x}|{r} out of {x}|{r} [{x}]|{r} / {x}|{r} <- {x}|{r}, {x}|{r}, from {x}|{r}, that's {x}|{r} (from {x})|{r} over at {x}|{r} came from {x}|{r} thanks to {x}|{r} given by {x}|{r} sent by {x}|{r} was from {x}|{r} we got from {x}|{r} I got at {x}|{r} that {x} gave us|we got {r} from {x}|"
    "we took {r} from {x}|we have {r} from {x}|I got {r} from {x}|I picked up {r} at {x}|there was {r} at {x}|there's {r} from {x}|it was {r} at {x}|{p} got {r} from {x}|{p} picked up {r} at {x}|{p} brought {r} from {x}|took {r} from {x}|picked up {r} at {x}|stop at {x}: {r}"
)
EACH_LINKS = ". Then |; then |. And |. Also |. Next: |. After that |, after that |, and then | and then |, plus |\n\n|\n+ |\nthen |\nand | // |; and |, also |. Plus |! And |! |... |, next "

LISTS = {
    "PLAIN": plain_frames.PLAIN,
    "PLAIN_NOWHERE": PLAIN_NOWHERE.split("|"),
    "IDLE": IDLE.split("|"),
    "PLAIN_MEASURED": PLAIN_MEASURED.split("|"),
    "PLAIN_BARE": PLAIN_BARE.split("|"),
    "PLAIN_OPEN": PLAIN_OPEN.split("|"),
    "HELLOS": HELLOS.split("|"),
    "CLOSERS": CLOSERS.split("|"),
    "EACH": EACH.split("|"),
    "EACH_LINKS": EACH_LINKS.split("|"),
}
