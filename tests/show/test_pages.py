import pytest
from jinja2 import UndefinedError

from statewise.show.pages import environment


def test_text_is_escaped_where_it_enters() -> None:
    page = environment().from_string('<p title="{{ text }}">{{ text }}</p>')
    assert page.render(text='"<&') == '<p title="&#34;&lt;&amp;">&#34;&lt;&amp;</p>'


def test_what_is_not_shown_does_not_enter() -> None:
    page = environment().from_string("{{ text }}")
    assert page.render(text="a\x00\x1b\ud800b\nc") == "a\\x00\\x1b\\ud800b\nc"


def test_a_template_that_names_what_is_not_there_is_refused() -> None:
    with pytest.raises(UndefinedError, match="nothing"):
        environment().from_string("{{ nothing }}").render()
