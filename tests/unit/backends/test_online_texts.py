"""Equal texts are one object, and no more of them are remembered than may be."""

from engine.backends.online.texts import MOST_TEXTS, Texts


def copy_of(text: str) -> str:
    """Another object that equals it."""
    return "".join(list(text))


def test_equal_texts_are_one_object() -> None:
    """Whichever of them was there first."""
    texts = Texts()
    first = texts[copy_of("fraud_Kirlin and Sons")]
    assert texts[copy_of("fraud_Kirlin and Sons")] is first
    assert texts[""] == ""


def test_no_more_are_remembered_than_may_be() -> None:
    """Those that are held elsewhere stay the same objects when the table begins anew."""
    texts = Texts()
    held = texts[copy_of("the merchant that is held")]
    for number in range(MOST_TEXTS):
        texts[f"merchant {number}"]
    assert len(texts) == 1
    assert texts[copy_of("the merchant that is held")] is held
