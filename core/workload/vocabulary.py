"""The words that simulated clients use: readable, short, and not only ASCII."""

from __future__ import annotations

_FIRST_NAMES = """
alice bob carol dave erin frank grace heidi ivan judy kim leo mia nora omar peggy quinn ruth sam tess uma
victor wendy xena yuri zoe adam bella cyrus dora elias fay gus hana igor jane karl lena max nina otto pia
rosa sven tara ugo vera will yara zeno amir bea chen dina emil flo gita hugo ines joel kira liam maya nils
"""
_SECOND_NAMES = """
olga paul queenie rafael sofia theo ursula viktor wanda xavier yvonne zara anton birgit carlos delia edgar
fiona goran hilda isaac jutta kenji lucia mateo naomi oskar petra rashid selma timo ulrike vasco willa yan
zelda ada boris clara dylan elsa finn greta hamid irma jonas klara luis marta noel opal pavel rita simon
tilda umberto viola walter yosef zita agnes bruno celia dario
"""
_TEXTS = """
coffee first, then consensus
hello, world
who follows me?
same order, same state
the train is late again
rain until Thursday
one of us is always right
I was here before #7
anyone up for lunch?
three copies, one truth
logs are forever
read your own writes
almost Friday
¡buenos días!
bonjour à tous
καλημέρα
a bug is a feature with bad timing
new shoes
testing, one two three
nobody expects a partition
the clock is wrong, the order is right
learning to juggle
found my keys
lost my keys
soup of the day: tomato
what a goal!
back in five minutes
it works on my replica
quiet evening
gute Nacht
happens-before is a mood
second breakfast
"""

FIRST_NAMES = tuple(_FIRST_NAMES.split())
"""The first user of clients 1…64."""

SECOND_NAMES = tuple(_SECOND_NAMES.split())
"""The second user of clients 1…64."""

TEXTS = tuple(_TEXTS.strip().splitlines())
"""What posts say."""

MOODS = ("", "", "", " :-)", " !", " …", " (again)", " ~")
"""What a post may end with, so that texts vary."""

WORDS = ("alice", "bob", "carol", "dave", "red", "green", "blue", "one", "two", "three")
"""Arguments for a service that nobody here knows."""
