"""Template tags are gone before Markdown is read. Right values were asked of Jekyll 4.3 and Hugo 0.111."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import pinned

from etl_project.dialects import Templates
from etl_project.extract.body.read import BodyReader
from etl_project.extract.body.templates import TemplateTags
from etl_project.extract.posts import PostReader
from etl_project.limits import Limits
from etl_project.sources.source import Source

JEKYLL = BodyReader(markdown="kramdown", templates="liquid")
HUGO = BodyReader(markdown="goldmark", templates="hugo")
HEXO = BodyReader(markdown="marked", templates="nunjucks")
ZOLA = BodyReader(markdown="pulldown-cmark", templates="zola")


@pytest.mark.parametrize(
    ("reader", "body", "text"),
    [
        (JEKYLL, "a\n{% include i.html\n   x=\"**b** [l](u) `c`\n\n# no\n { }\"\n   y='1' %}\nb", "a\n\nb"),
        (JEKYLL, 'a {% include x.html t="1 %} 2" %} b', "a b"),
        (JEKYLL, "{% if x %}     words\n{% endif %}", "words"),
        (JEKYLL, "- a\n\n    {% include x %}\n\n- b", "a\n\nb"),
        (JEKYLL, "a{%- if x -%} b {%- endif -%}c", "abc"),
        (JEKYLL, "{{ a | b }} stays", "{{ a | b }} stays"),
        (JEKYLL, "```\n{% raw %}\n{{ x }} {% y %}\n{% endraw %}\n```", "{{ x }} {% y %}"),
        (JEKYLL, "`{% raw %}{% y %}{% endraw %}` `{% z %}`", "{% y %} {% z %}"),
        (JEKYLL, "text\n\n    {% include x %}", "text\n\n{% include x %}"),
        (JEKYLL, "- x\n  {% highlight ruby %}\n  a*b*c <i>\n  {% endhighlight %}\n- y", "x\n\n  a*b*c <i>\n\ny"),
        (HUGO, 'a {{< math "\\frac{a}{b}" >}} b {{< f `x >}} "` >}}c', "a b c"),
        (HUGO, "text\n{{< fig >}}\nmore", "text more"),
        (HUGO, "{{< tip >}}\n- a\n{{< /tip >}}\nmore", "a\n\nmore"),
        (HUGO, '`{{</* fig "x" */>}}` {{</* fig */>}} {{%/* t */%}}', '{{< fig "x" >}} {{< fig >}} {{% t %}}'),
        (HUGO, "{% comment %}x{% endcomment %} {{ .Page }}", "{% comment %}x{% endcomment %} {{ .Page }}"),
        (HUGO, "{{< highlight go >}}\na := 1 * 2 * 3\n{{< /highlight >}}", "a := 1 * 2 * 3"),
        (
            HUGO,
            "a\n\n{{< comment >}} *x* {{< y >}} {{< /comment >}}\n\n{{% comment %}}\nz\n{{% /comment %}}\n\nb",
            "a\n\nb",
        ),
        (HEXO, 'a {# note #} b {% asset_img x.png "t" %}', "a b"),
        (HEXO, "```\n{% raw %}x{% endraw %}\n```", "{% raw %}x{% endraw %}"),
        (HEXO, "{% codeblock lang:js %}\nvar a = {{ b }};\n{% endcodeblock %}", "var a = {{ b }};"),
        (ZOLA, 'a {{ youtube(id="}} y") }} {% quote(author="V") %}\n*Hi*\n{% end %}', "a Hi"),
        (ZOLA, 'a {{ f(x=\'5" }} y\') }}b "c" {% g(z=\'it"s\') %}d{% end %} e"', 'a b "c" d e"'),
        (ZOLA, "{{ page.title }} {% if x %} {{/* f() */}}", "{{ page.title }} {% if x %} {{ f() }}"),
        (BodyReader(), "{% if x %} {{< y >}}", "{% if x %} {{< y >}}"),
    ],
)
def test_a_reader_sees_no_tag_outside_code(reader: BodyReader, body: str, text: str) -> None:
    assert reader.read(body).text == text


def test_a_tag_on_a_line_of_its_own_ends_a_paragraph_but_a_shortcode_of_hugo_does_not() -> None:
    assert JEKYLL.read("[a]\n\n{% include x %}\n[a]: /a").link_urls == ["/a"]
    assert HEXO.read("[a]\n\n{% note %}\n{% endnote %}\n[a]: /a").link_urls == ["/a"]
    assert HUGO.read("[a]\n\n{{< fig >}}\n[a]: /a").link_urls == []


@pytest.mark.parametrize(
    ("body", "url"),
    [
        ("[x]\n\n[x]: {{ site.url }}/a", "{{ site.url }}/a"),
        ("[x]({% post_url 2020-01-01-a %}#b)", "{% post_url 2020-01-01-a %}#b"),
        ('<a href="{{ "/a" | relative_url }}">x</a>', '{{ "/a" | relative_url }}'),
        ("<a href='{% link a.md %}'>x</a>", "{% link a.md %}"),
    ],
)
def test_a_tag_in_an_address_stays_as_written(body: str, url: str) -> None:
    assert JEKYLL.read(body).link_urls == [url]
    assert JEKYLL.read(body).text == "x"


def test_a_body_of_html_is_not_read_as_markdown() -> None:
    body = JEKYLL.read("<div>\n\n    <p>2*3*4 {% include x %}<b>y</b></p>\n</div>", "html")
    assert (body.text, body.code_blocks) == ("2*3*4 y", 0)


@pytest.mark.parametrize("templates", ["liquid", "nunjucks", "hugo", "zola"])
@pytest.mark.parametrize(
    "piece", ["{%", "{% raw %}", '{{< "', "{{</*", "](a{{x", "{% x %} ", "    {{< x >}}\n", "`{{ f("]
)
def test_hostile_tags_take_time_in_proportion_to_their_length(templates: Templates, piece: str) -> None:
    start = time.process_time()
    TemplateTags(templates, is_markdown=True).take_out(piece * 4_000)
    assert time.process_time() - start < 2  # each takes some hundredths of a second; this guards against squares


@pytest.mark.parametrize(
    ("dialect", "line", "text"),
    [
        ("jekyll", "render_with_liquid: false", "Use {% if x %} and {{ y }}."),
        ("jekyll", "render_with_liquid: true", "Use and {{ y }}."),
        ("jekyll", "disableNunjucks: true", "Use and {{ y }}."),
        ("hexo", "disableNunjucks: True", "Use {% if x %} and {{ y }}."),
        ("hexo", "layout: post", "Use and {{ y }}."),
    ],
)
def test_tags_of_a_post_that_turns_them_off_are_text(tmp_path: Path, dialect: str, line: str, text: str) -> None:
    reader = PostReader(pinned(Source(name="s", location=tmp_path, dialect=dialect)), Limits())
    post = f"---\ntitle: T\n{line}\n---\nUse {{% if x %}} and {{{{ y }}}}.\n"
    assert reader.read("source/_posts/2024-01-01-a.md", post.encode()).body.text == text
