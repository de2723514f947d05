"""Pictures of every page of the gallery, to be looked at: python tests/web/screenshots.py FOLDER [PAGE ...]

Each page in light and dark, at 1440 px and as a phone (390 px); with --narrow also at 320 px.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import sync_playwright

from bookingbridge.web import gallery

SIZES = {"desktop": (1440, 900, 1), "tablet": (900, 1100, 1), "phone": (390, 844, 2)}
NARROW = {"narrow": (320, 640, 2)}


@contextmanager
def served() -> Iterator[str]:
    """The gallery's address while it is up."""
    server = uvicorn.Server(uvicorn.Config(gallery.app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def main() -> None:
    """The pictures are in the folder."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("folder", type=Path)
    words.add_argument("pages", nargs="*")
    words.add_argument("--narrow", action="store_true")
    words.add_argument("--themes", default="light,dark")
    words.add_argument("--chromium", default="/usr/bin/chromium")
    given = words.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    sizes = {**SIZES, **NARROW} if given.narrow else SIZES
    with served() as base, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=given.chromium, args=["--no-sandbox"])
        for size, (width, height, scale) in sizes.items():
            for theme in given.themes.split(","):
                context = browser.new_context(
                    viewport={"width": width, "height": height}, device_scale_factor=scale,
                    color_scheme="dark" if theme == "dark" else "light",
                )  # fmt: skip
                page = context.new_page()
                page.on("console", lambda said: print(said.type, said.text))
                for name in given.pages or ["gallery", *gallery.PAGES]:
                    page.goto(f"{base}/ui/" if name == "gallery" else f"{base}/ui/pages/{name}")
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    if wide > width:
                        print(f"{name} {size}: {wide} px wide")
                    page.screenshot(path=given.folder / f"{name}-{size}-{theme}.png", full_page=True)
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
