import base64
import hashlib
import html
import json
import re

from hie_cli.reporting.page import json_block, page


def test_the_policy_names_the_very_scripts_and_style():
    text = page("index.html.jinja", title="t", rows=[], pages=None)
    policy = html.unescape(re.search(r'Security-Policy" content="([^"]*)"', text)[1])
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for kind in ("script", "style"):
        for inside in re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy


def test_a_data_block_cannot_be_ended_from_inside():
    value = {"a": "</script><!-- & \u2028"}
    text = str(json_block(value))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == value


def test_titles_are_escaped():
    assert "<b>" not in page("index.html.jinja", title="<b>", rows=[], pages=None)
