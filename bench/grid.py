"""How fast the browser grid is with 10,000 rows: `python -m bench.grid`, Chromium needed."""

import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import uvicorn
from playwright.sync_api import sync_playwright

from tests.gridbook import ACTION, DEALS, a_server, a_workbook

ROWS = 10_000
PORT = 8799
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Scrolls a screen at a time through the whole tab and returns the time of each frame.
SCROLL = """
async () => {
  const view = document.querySelector(".scroller");
  const times = [];
  const step = view.scrollHeight / 120;
  for (let at = 0; at < 120; at += 1) {
    const start = performance.now();
    view.scrollTop = at * step;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    times.push(performance.now() - start);
  }
  return times.sort((one, other) => one - other);
}
"""
PAINT = """
() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN
"""


def main() -> None:
    """Fill a workbook, open it in Chromium, and print what a person would wait for."""
    with tempfile.TemporaryDirectory() as folder:
        app = a_server(Path(folder), PORT)
        book = a_workbook(app.engine, rows=ROWS)
        server = uvicorn.Server(uvicorn.Config(app, port=PORT, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while thread.is_alive() and not server.started:
            time.sleep(0.01)
        measure(f"http://127.0.0.1:{PORT}", book)
        server.force_exit = server.should_exit = True
        thread.join()
        app.close()


def measure(root: str, book: str) -> None:
    """Print the measures, in milliseconds."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{root}/persona")
        page.click("text=Ana Silva")
        start = time.perf_counter()
        page.goto(f"{root}/grid/{book}?sheet={DEALS}")
        page.wait_for_selector("body[data-ready]")
        shown = time.perf_counter() - start
        say("first paint", page.evaluate(PAINT))
        say("usable, first rows shown", shown * 1000)
        page.wait_for_selector("body[data-whole]")
        say("all rows there", (time.perf_counter() - start) * 1000)
        times = page.evaluate(SCROLL)
        say("scroll by 1/120 of the tab, median", times[len(times) // 2])
        say("scroll, slowest of 120", times[-1])
        page.keyboard.press("Control+Home")
        page.click(f"#cell-2-{ACTION}")
        start = time.perf_counter()
        page.keyboard.type("Ap")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#cell-2-{ACTION}:has-text('Approve'):not(.expected)")
        say("edit typed, saved and shown", (time.perf_counter() - start) * 1000)
        browser.close()


def say(what: str, milliseconds: float) -> None:
    """Print one measure."""
    sys.stdout.write(f"{what:40} {milliseconds:8.0f} ms\n")


if __name__ == "__main__":
    main()
