"""A few passages of this study's own invention, to try the experiment without other data.

People, places and things in them do not exist. They show that everything runs, and no more.
"""

from __future__ import annotations

from hsokv.data.multihop import Multihop, make_multihop

PASSAGES = {
    "Orlen Voss": "Orlen Voss is a glass maker from Tarrow. He is known for the Blue Lantern.",
    "Tarrow": "Tarrow is a town on the river Ness. Its mayor is the historian Ilda Brenn.",
    "Blue Lantern": "The Blue Lantern is a lighthouse lamp that was first lit in 1911.",
    "Ilda Brenn": "Ilda Brenn wrote a history of salt. She studied at Quill College.",
    "Quill College": "Quill College is a school of letters that was founded by a bookbinder.",
    "Maro Tindall": "Maro Tindall is a composer. Her first opera is The Winter Ferry.",
    "The Winter Ferry": "The Winter Ferry is an opera that was first sung in Port Ansel.",
    "Port Ansel": "Port Ansel is a harbour with a market for amber and wool.",
    "Sedge Island": "Sedge Island is home to a colony of terns and to a weather station.",
    "Weather station": "A weather station measures wind, rain and the pressure of the air.",
    "Dov Harrek": "Dov Harrek is a painter of birds. He spent ten summers on Sedge Island.",
    "Salt road": "A salt road is a way along which salt was carried to inland towns.",
}
#: Question -> titles of the passages that answer it.
QUESTIONS = {
    "When was the lamp lit that made Orlen Voss known?": ("Orlen Voss", "Blue Lantern"),
    "Who is mayor of the town that Orlen Voss comes from?": ("Orlen Voss", "Tarrow"),
    "In which harbour was Maro Tindall's first opera sung?": ("Maro Tindall", "The Winter Ferry"),
    "Which birds live where Dov Harrek spent his summers?": ("Dov Harrek", "Sedge Island"),
}


def make_own() -> Multihop:
    """Return the passages and questions of this file."""
    gold = [[(title, PASSAGES[title]) for title in titles] for titles in QUESTIONS.values()]
    return make_multihop(list(PASSAGES.items()), list(QUESTIONS), gold)
