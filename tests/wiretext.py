"""Which texts do the tests of the story window take for copies, templates and strangers? All written for them."""

import random

HARBOUR = """The pilots of Port Ansel have accepted the night rota by 41 votes to 37, the harbour office said on Monday.
The rota begins in April and asks every pilot to stand ready for 9 nights a month, two more than before.
Captain Oda Merrin, who spoke for the pilots, called the result a truce and not a peace. She had asked for a second
launch and a heated cabin on the outer mole, where the wind of last winter tore the door from its hinges.
The office promised the cabin by autumn. Of the launch it said only that the yard at Nether Sallow had been asked for a
price, and that 3 other ports were waiting in line before Port Ansel.
Shipowners welcomed the vote. Every hour that a freighter waits outside the bar costs them 700 crowns, they reckon,
and in February the average wait was 5 hours. The fishermen, who pay nothing and wait for nobody, stayed away."""
HARBOUR_TITLE = "Pilots of Port Ansel accept the night rota"

ORCHARD = """A blight that nobody in the valley had seen before has stripped the pear orchards of Lower Wick within
a week. Growers noticed the first brown leaves after the rain of the second of June; by Saturday whole rows stood bare.
The institute in Brannoc has taken samples from 12 farms and expects an answer in ten days. Until then nobody may
carry wood, leaves or crates across the river, and the bridge at Sallow is watched by volunteers in yellow coats.
Ines Tarrow, who planted her first tree in the year of the flood, burned 60 of them on Sunday. She says the smoke
smelled of bread. Her neighbours brought chairs and sat with her until it was dark."""
ORCHARD_TITLE = "Unknown blight strips the pear orchards of Lower Wick"


def bulletin(seed: int) -> str:
    """A market report whose words stay and whose numbers change."""
    draw = random.Random(seed).randrange
    return (
        f"The exchange at Port Ansel closed {draw(10, 90)} points higher at {draw(1000, 9000)} on heavy trading. "
        f"Turnover reached {draw(100, 900)} million crowns after {draw(100, 900)} million the day before. "
        f"Grain gained {draw(1, 99)} crowns to {draw(200, 900)}, timber lost {draw(1, 99)} to {draw(200, 900)}. "
        f"Brokers counted {draw(20, 99)} rising shares and {draw(20, 99)} falling ones among the leading companies. "
        "The index of the leading companies has now been above its average for the longest time since the spring."
    )


def shortened(text: str) -> str:
    """The upper half, as an outlet with little room prints it."""
    lines = text.split("\n")
    return "\n".join(lines[: (len(lines) + 1) // 2])


def edited(text: str, seed: int, share: float = 0.1) -> str:
    """The text with some of its words replaced, as an editor leaves it."""
    draw = random.Random(seed)
    return " ".join(word if draw.random() > share else "indeed" for word in text.split(" "))


def prose(seed: int, words: int = 120) -> str:
    """A text like no other: words of random syllables."""
    draw = random.Random(seed)
    syllables = [
        "ka",
        "lo",
        "mi",
        "tre",
        "sun",
        "vor",
        "el",
        "dip",
        "ra",
        "gen",
        "ost",
        "wil",
        "fa",
        "bur",
        "chi",
        "mon",
    ]
    return " ".join("".join(draw.choices(syllables, k=draw.randrange(1, 4))) for _ in range(words)) + "."
