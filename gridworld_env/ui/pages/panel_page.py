"""Pages with a picture and a panel of controls: the parts that all of them share, and those of their own."""

from functools import cache
from importlib.resources import files


@cache
def assembled(package: str, scripts: tuple[str, ...]) -> str:
    """A template for `page_text`, with one style and one script.

    Args:
        package: Has `page.html`, with places for `{{style}}` and `{{script}}`, and `style.css`.
        scripts: Its scripts in their order, without `.js`; `panel.js` comes before them.
    """
    shared, own = files("gridworld_env.ui.pages"), files(package)
    parts = [shared.joinpath("panel.js"), *(own.joinpath(f"{name}.js") for name in scripts)]
    script = "\n".join(part.read_text(encoding="utf-8") for part in parts)
    style = "\n".join(
        folder.joinpath(name).read_text(encoding="utf-8")
        for folder, name in ((shared, "panel.css"), (own, "style.css"))
    )
    text = own.joinpath("page.html").read_text(encoding="utf-8").replace("{{style}}", f"\n{style}")
    return text.replace("{{script}}", f'\n"use strict";\n(() => {{\n{script}}})();\n')
