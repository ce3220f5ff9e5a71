"""Two short conversations of this study's own invention, to try the experiment without other data.

People and places in them do not exist. They show that everything runs, and no more.
"""

from __future__ import annotations

from hsokv.data.chats import Turn
from hsokv.data.conversations import CATEGORIES, Conversation, Question

#: Conversation -> date of each session -> its turns, two speakers in turn.
TALKS = {
    "own-1": {
        "2024-03-02": [
            ("Mirela", "Hi Tomaz! Did you move into the flat by the canal?"),
            ("Tomaz", "Yes, last weekend. My cousin Jarek carried the piano up four floors."),
            ("Mirela", "Poor Jarek! I started a course in bookbinding at the Ostrow workshop."),
            ("Tomaz", "Lovely. What will you bind first?"),
            ("Mirela", "My grandmother's recipes. Her poppy seed cake is in there."),
            ("Tomaz", "Then save a slice for me."),
        ],
        "2024-04-20": [
            ("Tomaz", "I adopted a greyhound from the shelter yesterday. She is called Pluma."),
            ("Mirela", "Oh! Is she good with other dogs?"),
            ("Tomaz", "Very. She slept through my whole piano practice."),
            ("Mirela", "I finished the recipe book and began to learn Estonian."),
            ("Tomaz", "Why Estonian?"),
            ("Mirela", "My sister Hedvig lives in Tartu since January."),
        ],
        "2024-07-11": [
            ("Mirela", "Back from Tartu! Hedvig and I went kayaking on the river."),
            ("Tomaz", "How long did you stay?"),
            ("Mirela", "Twelve days. I also sold three bound notebooks at the market there."),
            ("Tomaz", "I gave a small concert last Friday, in the library. Forty people came."),
            ("Mirela", "I am sorry that I missed it. What did you play?"),
            ("Tomaz", "Two waltzes of my own. Pluma howled at the second one."),
        ],
    },
    "own-2": {
        "2023-09-05": [
            ("Ines", "Hello Davor, how is the bakery?"),
            ("Davor", "Busy! We baked 300 loaves for the harvest feast last Sunday."),
            ("Ines", "I got a job as a cartographer at the harbour office in Lissan."),
            ("Davor", "Congratulations! When do you start?"),
            ("Ines", "Next Monday. I bought a folding bicycle to get there."),
            ("Davor", "My daughter Neva wants one, too. She turned nine."),
        ],
        "2023-11-18": [
            ("Davor", "The oven broke, so I spent the week painting the shop green."),
            ("Ines", "Green suits it. I mapped the old salt road with my colleague Petra."),
            ("Davor", "Where does it lead?"),
            ("Ines", "To the lighthouse at Corvo Point. We found a Roman milestone."),
            ("Davor", "Neva would love that, she collects stones."),
            ("Ines", "I will bring her a piece of slate."),
        ],
        "2024-02-03": [
            ("Ines", "Our map of the salt road won a prize in Graz last month!"),
            ("Davor", "Well done! Did Petra go with you?"),
            ("Ines", "She did, and we skated on the frozen lake."),
            ("Davor", "I opened a second shop near the station, with a stone oven this time."),
            ("Ines", "What do you sell there?"),
            ("Davor", "Rye bread, and the walnut rolls that Neva invented."),
        ],
    },
}
#: Conversation -> question -> category, and session and place of the turns that answer it, from 1.
QUESTIONS = {
    "own-1": {
        "Which animals or instruments does Tomaz have at home?": (1, "1:2", "2:1"),
        "What has Mirela learned or taken a course in?": (1, "1:3", "2:4"),
        "When did Tomaz adopt his dog?": (2, "2:1"),
        "When did Tomaz give a concert?": (2, "3:4"),
        "Would Mirela enjoy a museum of paper?": (3, "1:3", "3:3"),
        "Who carried the piano for Tomaz?": (4, "1:2"),
        "Where does Mirela's sister live?": (4, "2:6"),
        "How many days did Mirela stay in Tartu?": (4, "3:3"),
        "What did Mirela begin to learn in April?": (4, "2:4"),
    },
    "own-2": {
        "Where has Ines been with Petra?": (1, "2:4", "3:3"),
        "What did Davor change about his shops?": (1, "2:1", "3:4"),
        "When did Ines begin her new job?": (2, "1:5"),
        "When did the map of the salt road win a prize?": (2, "3:1"),
        "What might Neva want as a present?": (3, "1:6", "2:5"),
        "How many loaves did Davor bake for the feast?": (4, "1:2"),
        "What did Ines find at the end of the salt road?": (4, "2:4"),
        "What did Davor's daughter invent?": (4, "3:6"),
        "What colour did Davor's shop have in November?": (4, "2:1"),
    },
}


def make_own() -> list[Conversation]:
    """Return the conversations of this file with their questions."""
    found = []
    for name, sessions in TALKS.items():
        turns = [
            Turn(speaker, text, date, str(session), f"{session}:{place}")
            for session, (date, told) in enumerate(sessions.items(), start=1)
            for place, (speaker, text) in enumerate(told, start=1)
        ]
        questions = [
            Question(text, "", CATEGORIES[category], evidence,
                     tuple(dict.fromkeys(place.partition(":")[0] for place in evidence)))
            for text, (category, *evidence) in QUESTIONS[name].items()
        ]  # fmt: skip
        found.append(Conversation(name, turns, questions, []))
    return found
