"""What is learned: the lexicon, its tokenizer, and the tasks made of them."""

from hsokv.data.chats import Turn, read_chat
from hsokv.data.lexicon import load_fillers, load_lexicon, load_senses, load_unseen_words
from hsokv.data.predecessor import PredecessorTask, make_predecessor_task
from hsokv.data.rare_words import RareWordTask, Texts, make_rare_word_task, make_sense_task
from hsokv.data.stories import CONDITIONS
from hsokv.data.tokenizer import Tokenizer, split_words

__all__ = [
    "CONDITIONS",
    "PredecessorTask",
    "RareWordTask",
    "Texts",
    "Tokenizer",
    "Turn",
    "load_fillers",
    "load_lexicon",
    "load_senses",
    "load_unseen_words",
    "make_predecessor_task",
    "make_rare_word_task",
    "make_sense_task",
    "read_chat",
    "split_words",
]
