"""What is said in the pictures, the same in the terminal and in the browser: something of everything."""

from __future__ import annotations

# In the room garden, in this order: who, and what. A line of ann's is typed, where the picture is taken.
GARDEN = [
    ("bob", "Good morning! The beans are up \N{SEEDLING}"),
    ("cleo", "Already? Mine are under the snow. What did you do, and does it work at eight hundred metres?"),
    ("ann", "I have a cold frame to give away, if you want it, cleo."),
    ("bob", "\u8c46\u304c\u80b2\u3064\u306e\u306f\u65e9\u3044\u3067\u3059\u306d"),
    ("cleo", "/me runs for her bicycle"),
]
WHISPERED = "Psst: it is her birthday on Friday."  # by bob, to ann
CALLED = ("cleo", "@ann I am on my way, thank you!")
# In the room tools, by bob, while ann looks at the garden.
TOOLS = ["Who has the long ladder?", "ann, is it with you?"]
HALF = "It is the green one by the do"  # what ann has typed so far
