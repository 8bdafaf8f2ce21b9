"""The column that newswatch was made for: printed badly, edited again, and told in another language."""

from stream.stories import Decision, StoryWindow
from tests.newsdesk import annotation, article

TITLE = "Orvane n’est plus une jeune pousse, et la Bourse le sait"
TEXT = """Maren Holt, la patronne d’Orvane Robotics, a vendu hier 12 % du capital à la banque Cobb & Lyle pour 840
millions de couronnes. L’opération valorise à 7 milliards un groupe qui, il y a six ans, réparait des
grille-pain à Lower Wick.

Mais l’argent n’explique pas tout. En cédant un siège au conseil, Mme Holt renonce aussi au droit de dire
non, qu’elle avait exercé trois fois contre ses propres associés. Les dockers de Tarrow Bay, dont 1 900
travaillent désormais à côté de ses machines, demandent qui signera demain les promesses faites en mars.

La banque jure qu’elle n’ira pas plus loin que 15 % avant 2031. On se souvient qu’elle avait juré la même
chose de Brennorit, la verrerie allemande qu’elle possède aujourd’hui tout entière."""

PRINTED_BADLY = TEXT.replace("Mais l’argent", "MaisL’argent").replace("demandent qui", "demandentqui").replace(
    "La banque jure", "Labanque jure"
) + (
    "\n\nEn savoir plus sur Orvane\nSuivez-nous sur nos réseaux\n"
    "NEXT Cobalt Lake, la mine sous le parking\nNEXT Skylark One reste au sol\n"
    "Cette chronique ne reflète pas l’opinion de la rédaction."
)

EDITED_AGAIN = """Hier, la directrice d’Orvane Robotics, Maren Holt, a cédé à la banque Cobb & Lyle 12 % du
capital, pour un
prix de 840 millions de couronnes. Voilà le groupe valorisé à 7 milliards ; il y a six ans, il réparait
encore des grille-pain à Lower Wick.

L’argent, pourtant, n’explique pas tout. Avec un siège au conseil, Mme Holt abandonne le droit de dire non,
dont elle avait usé trois fois contre ses associés. À Tarrow Bay, où 1 900 dockers travaillent désormais à
côté de ses machines, on demande qui signera demain les promesses de mars.

La banque jure de ne pas dépasser 15 % avant 2031. Elle avait juré la même chose de Brennorit, la verrerie
allemande qui lui appartient aujourd’hui tout entière."""

ENGLISH = """Maren Holt, the head of Orvane Robotics, yesterday sold 12% of the capital to the bank Cobb & Lyle for 840
million crowns. The deal values at 7 billion a group that six years ago was repairing toasters in Lower
Wick.

But money does not explain everything. By giving up a seat on the board, Ms Holt also renounces the right to
say no, which she had exercised three times against her own associates. The dockers of Tarrow Bay, 1,900 of
whom now work beside her machines, ask who will sign tomorrow the promises made in March.

The bank swears that it will go no further than 15% before 2031. People remember that it swore the same of
Brennorit, the German glassworks that it owns entirely today."""

ANOTHER = """Maren Holt a inauguré lundi à Port Ansel l’école de mécanique qui porte le nom de sa grand-mère. Deux cents
élèves y apprendront en 3 ans à entretenir les bras d’Orvane Robotics et les grues du port.

La fondatrice a promis un emploi à chacun, sans préciser dans quelle ville. Le maire, qui a prêté l’ancien
entrepôt à sel, espère garder au moins 60 diplômés. La banque Cobb & Lyle paie les bourses jusqu’en 2029."""


def decided(title: str, text: str, language: str | None) -> Decision:
    """What is said of this article, an hour after the clean column."""
    window = StoryWindow()
    column = annotation(article(TITLE, TEXT, name="column", language="fr"))
    window.place(column, offset=0, appended_at=column.fetched_at)
    told = annotation(article(title, text, name="other", language=language, minutes=60))
    return window.place(told, offset=1, appended_at=told.fetched_at)


def test_its_title_three_times_its_tails_and_its_glued_words_are_a_copy() -> None:
    copy = decided(f"{TITLE} - {TITLE} - {TITLE}", f"{TITLE}\n\n{PRINTED_BADLY}", "fr")
    assert (copy.story, copy.relation, copy.of) == ("column", "copy", "column")


def test_edited_again_in_its_language_it_is_a_copy() -> None:
    copy = decided("Maren Holt vend une part d’Orvane : la Bourse comprend", EDITED_AGAIN, "fr")
    assert (copy.story, copy.relation) == ("column", "copy")


def test_told_in_english_it_is_a_translation() -> None:
    translation = decided("Orvane is no start-up any more, and the stock exchange knows it", ENGLISH, "en")
    assert (translation.story, translation.relation, translation.of) == ("column", "translation", "column")
    assert translation.evidence["shared_numbers"] >= 5


def test_a_language_that_nobody_names_is_found_out() -> None:
    assert decided("Orvane is no start-up any more, and the stock exchange knows it", ENGLISH, None).story == "column"


def test_another_article_about_the_same_people_is_a_story_of_its_own() -> None:
    other = decided("Maren Holt ouvre une école à Port Ansel", ANOTHER, "fr")
    assert (other.story, other.relation) == ("other", "new")
